import SystemLibrary

/// The functions of libcrypto (OpenSSL 3, EVP_DigestInit(3ssl)) that a digest needs.
struct Crypto: @unchecked Sendable {
    // Safe to share: C function pointers, never changed.
    typealias Context = OpaquePointer
    typealias Algorithm = OpaquePointer

    let newContext: @convention(c) () -> Context?
    let freeContext: @convention(c) (Context?) -> Void
    let sha256: @convention(c) () -> Algorithm?
    let md5: @convention(c) () -> Algorithm?
    let start: @convention(c) (Context?, Algorithm?, OpaquePointer?) -> Int32
    let update: @convention(c) (Context?, UnsafeRawPointer?, Int) -> Int32
    let finish: @convention(c) (Context?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt32>?) -> Int32

    static let loaded: Result<Crypto, SystemLibraryError> = Result { () throws(SystemLibraryError) in try Crypto() }

    private init() throws(SystemLibraryError) {
        let library = try SystemLibrary(anyOf: ["libcrypto.so.3", "libcrypto.so.1.1"], package: "libssl3")
        newContext = try library.function("EVP_MD_CTX_new")
        freeContext = try library.function("EVP_MD_CTX_free")
        sha256 = try library.function("EVP_sha256")
        md5 = try library.function("EVP_md5")
        start = try library.function("EVP_DigestInit_ex")
        update = try library.function("EVP_DigestUpdate")
        finish = try library.function("EVP_DigestFinal_ex")
    }
}
