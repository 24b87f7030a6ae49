import SystemLibrary

/// The functions of libssl and libcrypto (OpenSSL 3, ssl(7ssl)) that the client's side of TLS needs.
final class OpenSSL: @unchecked Sendable {
    // Safe to share: C function pointers and a table of them, never changed.
    typealias Context = OpaquePointer
    typealias Session = OpaquePointer
    typealias Parameters = OpaquePointer
    typealias BIO = OpaquePointer

    let clientMethod: @convention(c) () -> OpaquePointer?
    let newContext: @convention(c) (OpaquePointer?) -> Context?
    let freeContext: @convention(c) (Context?) -> Void
    let controlContext: @convention(c) (Context?, Int32, Int, UnsafeMutableRawPointer?) -> Int
    let setContextOptions: @convention(c) (Context?, UInt64) -> UInt64
    let setContextVerify: @convention(c) (Context?, Int32, OpaquePointer?) -> Void
    let useSystemCertificates: @convention(c) (Context?) -> Int32
    let useCertificates: @convention(c) (Context?, UnsafePointer<CChar>?) -> Int32

    let newSession: @convention(c) (Context?) -> Session?
    let freeSession: @convention(c) (Session?) -> Void
    let controlSession: @convention(c) (Session?, Int32, Int, UnsafeMutableRawPointer?) -> Int
    let setBIO: @convention(c) (Session?, BIO?, BIO?) -> Void
    let setHost: @convention(c) (Session?, UnsafePointer<CChar>?) -> Int32
    let setHostFlags: @convention(c) (Session?, UInt32) -> Void
    let parameters: @convention(c) (Session?) -> Parameters?
    let setIPAddress: @convention(c) (Parameters?, UnsafePointer<CChar>?) -> Int32
    let verifyResult: @convention(c) (Session?) -> Int
    let verifyReason: @convention(c) (Int) -> UnsafePointer<CChar>?

    let connect: @convention(c) (Session?) -> Int32
    let read: @convention(c) (Session?, UnsafeMutableRawPointer?, Int32) -> Int32
    let peek: @convention(c) (Session?, UnsafeMutableRawPointer?, Int32) -> Int32
    let write: @convention(c) (Session?, UnsafeRawPointer?, Int32) -> Int32
    let shutdown: @convention(c) (Session?) -> Int32
    let outcome: @convention(c) (Session?, Int32) -> Int32

    let clearErrors: @convention(c) () -> Void
    let firstError: @convention(c) () -> UInt
    let errorReason: @convention(c) (UInt) -> UnsafePointer<CChar>?
    let errorText: @convention(c) (UInt, UnsafeMutablePointer<CChar>?, Int) -> Void

    let newBIO: @convention(c) (OpaquePointer?) -> BIO?
    let setBIOData: @convention(c) (BIO?, UnsafeMutableRawPointer?) -> Void
    let bioData: @convention(c) (BIO?) -> UnsafeMutableRawPointer?
    let setBIOFlags: @convention(c) (BIO?, Int32) -> Void
    let clearBIOFlags: @convention(c) (BIO?, Int32) -> Void
    let connectionMethod: OpaquePointer?

    static let loaded: Result<OpenSSL, SystemLibraryError> = Result { () throws(SystemLibraryError) in try OpenSSL() }

    private init() throws(SystemLibraryError) {
        let ssl = try SystemLibrary(anyOf: ["libssl.so.3"], package: "libssl3")
        clientMethod = try ssl.function("TLS_client_method")
        newContext = try ssl.function("SSL_CTX_new")
        freeContext = try ssl.function("SSL_CTX_free")
        controlContext = try ssl.function("SSL_CTX_ctrl")
        setContextOptions = try ssl.function("SSL_CTX_set_options")
        setContextVerify = try ssl.function("SSL_CTX_set_verify")
        useSystemCertificates = try ssl.function("SSL_CTX_set_default_verify_paths")
        useCertificates = try ssl.function("SSL_CTX_load_verify_file")

        newSession = try ssl.function("SSL_new")
        freeSession = try ssl.function("SSL_free")
        controlSession = try ssl.function("SSL_ctrl")
        setBIO = try ssl.function("SSL_set_bio")
        setHost = try ssl.function("SSL_set1_host")
        setHostFlags = try ssl.function("SSL_set_hostflags")
        parameters = try ssl.function("SSL_get0_param")
        verifyResult = try ssl.function("SSL_get_verify_result")

        connect = try ssl.function("SSL_connect")
        read = try ssl.function("SSL_read")
        peek = try ssl.function("SSL_peek")
        write = try ssl.function("SSL_write")
        shutdown = try ssl.function("SSL_shutdown")
        outcome = try ssl.function("SSL_get_error")

        let crypto = try SystemLibrary(anyOf: ["libcrypto.so.3"], package: "libssl3")
        setIPAddress = try crypto.function("X509_VERIFY_PARAM_set1_ip_asc")
        verifyReason = try crypto.function("X509_verify_cert_error_string")
        clearErrors = try crypto.function("ERR_clear_error")
        firstError = try crypto.function("ERR_peek_error")
        errorReason = try crypto.function("ERR_reason_error_string")
        errorText = try crypto.function("ERR_error_string_n")

        newBIO = try crypto.function("BIO_new")
        setBIOData = try crypto.function("BIO_set_data")
        bioData = try crypto.function("BIO_get_data")
        setBIOFlags = try crypto.function("BIO_set_flags")
        clearBIOFlags = try crypto.function("BIO_clear_flags")
        connectionMethod = try Self.newConnectionMethod(crypto)
    }

    /// Why the last call of this thread failed, in libssl's words.
    var reason: String {
        let code = firstError()
        guard code != 0 else { return "libssl gives no reason" }
        if let text = errorReason(code) { return String(cString: text) }
        var text = [CChar](repeating: 0, count: 256)
        errorText(code, &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
