import Glibc

/// Texts cut by bytes: a character may be more than its first one. The pieces are there for as long as the whole is.
extension UnsafeBufferPointer<UInt8> {
    /// What is before the first `separator`, and what is behind it: nothing where there is none.
    package func cut(at separator: UInt8) -> (head: Self, tail: Self) {
        let end = baseAddress.flatMap { start in
            memchr(start, Int32(separator), count).map { UnsafeRawPointer($0) - UnsafeRawPointer(start) }
        }
        return (Self(rebasing: self[..<(end ?? count)]), Self(rebasing: self[(end.map { $0 + 1 } ?? count)...]))
    }

    /// What is between separators, wherever that is anything.
    package func parts(separatedBy separator: UInt8) -> [Self] {
        var parts: [Self] = []
        parts.reserveCapacity(16)
        var rest = self
        while !rest.isEmpty {
            let (part, tail) = rest.cut(at: separator)
            if !part.isEmpty { parts.append(part) }
            rest = tail
        }
        return parts
    }
}
