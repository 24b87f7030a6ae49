import Glibc

/// libFuzzer (https://llvm.org/docs/LibFuzzer.html) as a program of ours: the package manager wants `main` for itself.
/// GLANCE_FUZZ names the target.
@_cdecl("glance_fuzz_main")
func main(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
    var (count, arguments) = (count, arguments)
    return runDriver(&count, &arguments) { bytes, count in
        tryOne(UnsafeBufferPointer(start: bytes, count: count))
        return 0
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

private func tryOne(_ bytes: UnsafeBufferPointer<UInt8>) {
    do throws(FuzzFinding) {
        try target.check(Array(bytes))
    } catch {
        fatalError("\(target.rawValue): \(error)")
    }
}

private let target: FuzzTarget = {
    let name = getenv("GLANCE_FUZZ").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else { fatalError("GLANCE_FUZZ=\(name) is no target") }
    return target
}()
