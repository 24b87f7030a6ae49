import Glibc

/// The variables of one SCGI request (https://python.ca/scgi/protocol.txt): names and values as the bytes that came,
/// in one piece of memory.
package struct SCGIVariables: Sendable {
    struct Entry: Sendable {
        let name: Range<Int>
        let value: Range<Int>
    }

    fileprivate static let headerPrefix: StaticString = "HTTP_"

    let block: [UInt8]
    let entries: [Entry]

    /// The value of the variable `name`; nil when it is not there. Bytes that are no UTF-8 become U+FFFD.
    package subscript(_ name: StaticString) -> String? {
        block.withUnsafeBufferPointer { bytes in
            entries.first { $0.isNamed(name, in: bytes) }.map {
                String(decoding: UnsafeBufferPointer(rebasing: bytes[$0.value]), as: UTF8.self)
            }
        }
    }

    /// Hands every variable whose name starts with `HTTP_` to `body`: a request header, its name without that prefix.
    func forEachHeader(_ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void) {
        block.withUnsafeBufferPointer { bytes in
            for entry in entries where entry.isHeader(in: bytes) {
                let name = bytes[entry.name].dropFirst(SCGIVariables.headerPrefix.utf8CodeUnitCount)
                body(UnsafeBufferPointer(rebasing: name), UnsafeBufferPointer(rebasing: bytes[entry.value]))
            }
        }
    }
}

extension SCGIVariables.Entry {
    func isNamed(_ name: StaticString, in block: UnsafeBufferPointer<UInt8>) -> Bool {
        self.name.count == name.utf8CodeUnitCount && startsWith(name, in: block)
    }

    func isHeader(in block: UnsafeBufferPointer<UInt8>) -> Bool {
        name.count >= SCGIVariables.headerPrefix.utf8CodeUnitCount && startsWith(SCGIVariables.headerPrefix, in: block)
    }

    func hasName(of other: SCGIVariables.Entry, in block: UnsafeBufferPointer<UInt8>) -> Bool {
        guard name.count == other.name.count, let start = block.baseAddress else { return false }
        return memcmp(start + name.lowerBound, start + other.name.lowerBound, name.count) == 0
    }

    private func startsWith(_ text: StaticString, in block: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = block.baseAddress else { return false }
        return memcmp(start + name.lowerBound, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}
