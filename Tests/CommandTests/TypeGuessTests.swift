import Testing

@testable import glance

/// What a file's first bytes say of it.
struct TypeGuessTests {
    private func head(_ parts: [(offset: Int, bytes: [UInt8])]) -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: guessBytes)
        for part in parts { bytes.replaceSubrange(part.offset..<(part.offset + part.bytes.count), with: part.bytes) }
        return bytes[...]
    }

    private func type(_ head: ArraySlice<UInt8>, _ name: String = "x") -> String? {
        guessedType(head, fileName: name)?.type
    }

    @Test func `Linux kernels are known by their boot headers`() {
        #expect(type(head([(0x1FE, [0x55, 0xAA]), (0x202, Array("HdrS".utf8))])) == "kernel")
        #expect(type(head([(0x38, Array("ARMd".utf8))])) == "kernel")
    }

    @Test func `half of a boot header is none`() {
        #expect(type(head([(0x202, Array("HdrS".utf8))])) == nil)
        #expect(type(head([(0x1FE, [0x55, 0xAA])])) == nil)
        #expect(type(head([(0x1FE, [0x55, 0xAA]), (0x202, Array("HdrS".utf8))]).dropLast()) == nil)
    }

    @Test func `cpio archives are ramdisks`() {
        #expect(type(Array("070701000".utf8)[...]) == "ramdisk")
        #expect(type(Array("070702000".utf8)[...]) == "ramdisk")
        #expect(type(Array("07070".utf8)[...]) == nil)
    }

    @Test(
        arguments: [
            [0x1F, 0x8B, 0x08], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x28, 0xB5, 0x2F, 0xFD],
            [0x02, 0x21, 0x4C, 0x18],
        ] as [[UInt8]])
    func `what is compressed is a ramdisk where its name says so, else nobody knows`(magic: [UInt8]) {
        let head = head([(0, magic)])

        #expect(type(head, "initrd.img-6.1") == "ramdisk")
        #expect(type(head, "initramfs-linux.img") == "ramdisk")
        #expect(type(head, "disk.img.gz") == nil)
        #expect(type(head, "my-initrd") == nil)
    }

    @Test func `a name alone says nothing`() {
        #expect(type(head([]), "initrd.img") == nil)
        #expect(type([], "vmlinuz") == nil)
    }
}
