import Glibc

/// A shared library of the host, found at run time, so that the build needs nothing but the toolchain.
package struct SystemLibrary: @unchecked Sendable {
    // Safe to share: the handle is never closed, and dlsym(3) may be called from any thread.
    private let handle: UnsafeMutableRawPointer
    private let name: String

    /// Loads the first of `names` that the host has. `package` is the Debian package to name when it has none.
    package init(anyOf names: [String], package: String) throws(SystemLibraryError) {
        for name in names {
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
                self.handle = handle
                self.name = name
                return
            }
        }
        throw .missing(library: names.first ?? "", package: package)
    }

    /// The function called `symbol`, as a C function pointer of type `Function`.
    package func function<Function>(_ symbol: String, as _: Function.Type = Function.self) throws(SystemLibraryError)
        -> Function
    {
        guard let address = dlsym(handle, symbol) else { throw .missingSymbol(symbol, library: name) }
        return unsafeBitCast(address, to: Function.self)
    }
}

package enum SystemLibraryError: Error, Equatable, CustomStringConvertible {
    case missing(library: String, package: String)
    case missingSymbol(String, library: String)

    package var description: String {
        switch self {
        case .missing(let library, let package):
            "\(library) is not on this host: install the Debian package \(package)"
        case .missingSymbol(let symbol, let library):
            "\(library) has no function \(symbol): it is too old; install the version that Debian 12 ships, or newer"
        }
    }
}
