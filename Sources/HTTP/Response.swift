import Bytes

/// An answer: status, fields, and a body that is there already, streams by, or is made while it is sent.
package struct Response {
    package enum Body {
        case none
        case bytes([UInt8])
        /// Exactly `length` bytes of `source`; fewer is a transfer that broke, and the client must see it as one.
        case stream(any ByteSource, length: Int64)
        /// Of a length that nobody knows ahead.
        case produced((any ByteSink) throws -> Void)
    }

    package var status: Status
    package var headers: Headers
    package var body: Body

    package init(_ status: Status, headers: Headers = Headers(), body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Status line, fields and the blank line, with `prefix` before the status code (`HTTP/1.1 `, or CGI's `Status: `).
    package func head(prefix: String) -> [UInt8] {
        let code = String(status.code)
        let startLength = prefix.utf8.count + code.utf8.count + status.phrase.utf8.count + 5
        let length = headers.fields.reduce(startLength) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var line = LineWriter(buffer)
            line.write(prefix)
            line.write(code)
            line.write(UInt8(ascii: " "))
            line.write(status.phrase)
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
