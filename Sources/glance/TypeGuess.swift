/// What kind of image a file is, by its first bytes, where they leave no doubt; and in words, why.
func guessedType(_ head: ArraySlice<UInt8>, fileName: String) -> (type: String, reason: String)? {
    let head = Array(head)
    func has(_ magic: [UInt8], at offset: Int) -> Bool {
        head.count >= offset + magic.count && Array(head[offset..<offset + magic.count]) == magic
    }
    func has(_ magic: StaticString, at offset: Int) -> Bool {
        has(Array(UnsafeBufferPointer(start: magic.utf8Start, count: magic.utf8CodeUnitCount)), at: offset)
    }
    // The Linux/x86 boot protocol; Documentation/arch/arm64/booting.rst.
    if has([0x55, 0xAA], at: 0x1FE), has("HdrS", at: 0x202) { return ("kernel", "it is a Linux kernel for x86") }
    if has([0x41, 0x52, 0x4D, 0x64], at: 0x38) { return ("kernel", "it is a Linux kernel for arm64") }
    if has("070701", at: 0) || has("070702", at: 0) { return ("ramdisk", "it is a cpio archive") }
    let compressions: [(name: String, magic: [UInt8])] = [
        ("gzip", [0x1F, 0x8B, 0x08]), ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]), ("zstd", [0x28, 0xB5, 0x2F, 0xFD]),
        ("lz4", [0x02, 0x21, 0x4C, 0x18]), ("bzip2", [0x42, 0x5A, 0x68]), ("lzma", [0x5D, 0x00, 0x00]),
    ]
    // Compressed it may be anything, a disk too: then its name has to say the same.
    let isCalledSo = ["initrd", "initramfs"].contains { fileName.lowercased().hasPrefix($0) }
    if isCalledSo, let compression = compressions.first(where: { has($0.magic, at: 0) }) {
        return ("ramdisk", "it is called \(fileName) and compressed with \(compression.name)")
    }
    return nil
}

/// Bytes of a file's start that `guessedType` looks at.
let guessBytes = 0x206
