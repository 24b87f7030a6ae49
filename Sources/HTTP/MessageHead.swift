/// The head of a message as it is sent: a first line made of `start`, the fields, and the blank line.
package func messageHead(_ start: [String], _ headers: Headers) -> [UInt8] {
    let startLength = start.reduce(4) { $0 + $1.utf8.count }
    let length = headers.fields.reduce(startLength) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
        var line = LineWriter(buffer)
        for part in start { line.write(part) }
        line.end()
        for field in headers.fields {
            line.write(field.name)
            line.write(UInt8(ascii: ":"))
            line.write(UInt8(ascii: " "))
            line.write(field.value)
            line.end()
        }
        line.end()
        count = line.count
    }
}

/// Writes lines into memory that has room for them. Whatever lies in a text, it cannot end its line: no value of a record
/// splits an answer in two.
private struct LineWriter {
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.buffer = buffer
    }

    mutating func write(_ byte: UInt8) {
        buffer[count] = byte
        count += 1
    }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            guard let source = bytes.baseAddress, let room = buffer.baseAddress else { return }
            let place = room + count
            for index in 0..<bytes.count {
                let byte = source[index]
                place[index] = byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte
            }
            count += bytes.count
        }
    }

    mutating func end() {
        write(UInt8(ascii: "\r"))
        write(UInt8(ascii: "\n"))
    }
}
