/// Makes new inputs of old ones: a seed decides all that happens.
struct Mutator {
    private var state: UInt64
    private let corpus: [[UInt8]]
    private static let bytesMax = 4096
    /// What readers have to look at twice.
    private static let odd: [[UInt8]] = [
        [0], [10], [13, 10], [0x7F], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xE2, 0x80, 0xA8], Array(":".utf8),
        Array(",".utf8), Array("-1".utf8), Array("+5".utf8), Array("9223372036854775807".utf8),
        Array("9223372036854775808".utf8), Array("ffffffffffffffff".utf8), Array("%00".utf8), Array("%".utf8),
        Array("\"".utf8), Array("\\ud800".utf8), Array("{\"a\":".utf8), Array("[".utf8), Array("../".utf8),
        Array("bytes=".utf8), Array("'; DROP TABLE images; --".utf8), Array("\r\nX: y".utf8), Array("HTTP_".utf8),
    ]

    init(seed: UInt64, corpus: [[UInt8]]) {
        state = seed
        self.corpus = corpus
    }

    mutating func next() -> [UInt8] {
        var bytes = corpus[below(corpus.count)]
        for _ in 0...below(6) { change(&bytes) }
        return Array(bytes.prefix(Self.bytesMax))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = below(bytes.count + 1)
        let end = min(bytes.count, place + below(16))
        switch below(7) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
        case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: random())
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: bytes.insert(contentsOf: corpus[below(corpus.count)].prefix(64), at: place)
        case 5: bytes.replaceSubrange(place..<end, with: Self.odd[below(Self.odd.count)])
        default: bytes.insert(contentsOf: Self.odd[below(Self.odd.count)], at: place)
        }
    }

    private mutating func below(_ bound: Int) -> Int { Int(random() % UInt64(bound)) }

    /// SplitMix64.
    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
