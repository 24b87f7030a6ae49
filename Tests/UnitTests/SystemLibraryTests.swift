import SystemLibrary
import Testing

@Suite struct SystemLibraryTests {
    @Test func `a library that is missing names its Debian package`() {
        let error = #expect(throws: SystemLibraryError.self) {
            try SystemLibrary(anyOf: ["libnone.so.9", "libnone.so"], package: "libnone9")
        }

        #expect(error?.description == "libnone.so.9 is not on this host: install the Debian package libnone9")
    }

    @Test func `the first of its names that is there is taken, and a function that it lacks is named`() throws {
        let library = try SystemLibrary(anyOf: ["libnone.so.9", "libc.so.6"], package: "libc6")

        let process: @convention(c) () -> Int32 = try library.function("getpid")
        let error = #expect(throws: SystemLibraryError.self) {
            let none: @convention(c) () -> Int32 = try library.function("no_such_function")
            _ = none()
        }

        #expect(process() > 0)
        #expect(error?.description.hasPrefix("libc.so.6 has no function no_such_function: it is too old") == true)
    }
}
