/// The text that bytes are in UTF-8; nil where they are none.
package func utf8Text(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    // Most texts. To validate them takes ten times as long: the standard library looks a generic type up each time.
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    return String(validating: bytes, as: UTF8.self)
}
