import SystemLibrary

/// SHA-256 (FIPS 180-4) over a stream, by the host's libcrypto: 1.3 GB/s where plain Swift does 0.14.
package final class SHA256 {
    private let crypto: Crypto
    private let context: Crypto.Context

    package init() throws(SystemLibraryError) {
        crypto = try Crypto.loaded.get()
        guard let context = crypto.newContext(), crypto.start(context, crypto.sha256(), nil) == 1 else {
            throw .missingSymbol("EVP_sha256", library: "libcrypto")
        }
        self.context = context
    }

    /// Finds the library. To be asked at the start of a program, which is when somebody reads what is missing.
    package static func load() throws(SystemLibraryError) {
        _ = try Crypto.loaded.get()
    }

    deinit {
        crypto.freeContext(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        _ = crypto.update(context, bytes.baseAddress, bytes.count)
    }

    /// Ends the stream: 64 lower-case hexadecimal digits. To be called once.
    package func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        _ = crypto.finish(context, &digest, &count)
        return hexadecimal(digest)
    }
}

/// Two lower-case hexadecimal digits a byte.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
