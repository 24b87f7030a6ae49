import SystemLibrary

/// A digest over a stream, by the host's libcrypto: SHA-256 at 1.3 GB/s where plain Swift does 0.14.
package final class StreamDigest {
    package enum Algorithm: String {
        /// FIPS 180-4.
        case sha256
        /// RFC 1321: no protection against anybody, but what OpenStack Swift names an object's bytes by.
        case md5
    }

    private let crypto: Crypto
    private let context: Crypto.Context

    package init(_ algorithm: Algorithm) throws(SystemLibraryError) {
        crypto = try Crypto.loaded.get()
        let function = algorithm == .sha256 ? crypto.sha256() : crypto.md5()
        guard let context = crypto.newContext(), crypto.start(context, function, nil) == 1 else {
            throw .missingSymbol("EVP_\(algorithm.rawValue)", library: "libcrypto")
        }
        self.context = context
    }

    /// Finds the library. To be asked at the start of a program, which is when somebody reads what is missing.
    package static func load() throws(SystemLibraryError) {
        _ = try Crypto.loaded.get()
    }

    /// Of any digest that libcrypto has (EVP_MAX_MD_SIZE).
    private static let bytesMax = 64

    deinit {
        crypto.freeContext(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        _ = crypto.update(context, bytes.baseAddress, bytes.count)
    }

    /// Ends the stream: lower-case hexadecimal digits, 64 of SHA-256 and 32 of MD5. To be called once.
    package func finish() -> String {
        var digest = [UInt8](repeating: 0, count: Self.bytesMax)
        var count: UInt32 = 0
        _ = crypto.finish(context, &digest, &count)
        return hexadecimal(digest.prefix(Int(count)))
    }
}

/// Two lower-case hexadecimal digits a byte.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
