import Digest
import Testing

/// Vectors of FIPS 180-4.
@Suite struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `a text has its SHA-256`(text: String, digest: String) throws {
        let sha256 = try StreamDigest(.sha256)

        Array(text.utf8).withUnsafeBytes(sha256.update)

        #expect(sha256.finish() == digest)
    }

    @Test func `how a stream is cut changes nothing`() throws {
        let sha256 = try StreamDigest(.sha256)
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)

        var start = 0
        for count in [0, 1, 63, 64, 65, 127, 4096, 65535, 929_949] {
            bytes[start..<(start + count)].withUnsafeBytes(sha256.update)
            start += count
        }
        bytes[start...].withUnsafeBytes(sha256.update)

        #expect(sha256.finish() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `two streams do not touch each other`() throws {
        let (one, other) = (try StreamDigest(.sha256), try StreamDigest(.sha256))

        Array("a".utf8).withUnsafeBytes(one.update)
        Array("xyz".utf8).withUnsafeBytes(other.update)
        Array("bc".utf8).withUnsafeBytes(one.update)

        #expect(one.finish() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(other.finish() == "3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282")
    }

    @Test func `hexadecimal digits are two a byte and small`() {
        #expect(hexadecimal([0, 1, 0x0F, 0x10, 0xAB, 0xFF] as [UInt8]) == "00010f10abff")
    }
}
