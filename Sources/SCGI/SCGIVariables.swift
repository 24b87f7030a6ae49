import Glibc

/// The variables of one SCGI request (https://python.ca/scgi/protocol.txt): names and values as the bytes that came,
/// in one piece of memory.
package struct SCGIVariables: Sendable {
    struct Entry: Sendable {
        let name: Range<Int>
        let value: Range<Int>
    }

    private let block: [UInt8]
    let entries: [Entry]

    init(block: [UInt8], entries: [Entry]) {
        self.block = block
        self.entries = entries
    }

    /// The value of the variable `name`; nil when it is not there. Bytes that are no UTF-8 become U+FFFD.
    package subscript(_ name: StaticString) -> String? {
        entries.first { isNamed(name, $0) }.map { String(decoding: block[$0.value], as: UTF8.self) }
    }

    /// Hands every variable whose name starts with `HTTP_` to `body`: a request header, its name without that prefix.
    func forEachHeader(_ body: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void) {
        for entry in entries where SCGIHeaderParser.isHeader(block[entry.name]) {
            body(block[entry.name].dropFirst(SCGIHeaderParser.headerPrefix.utf8CodeUnitCount), block[entry.value])
        }
    }

    private func isNamed(_ name: StaticString, _ entry: Entry) -> Bool {
        guard name.utf8CodeUnitCount == entry.name.count else { return false }
        return block.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return false }
            return memcmp(start + entry.name.lowerBound, name.utf8Start, entry.name.count) == 0
        }
    }
}
