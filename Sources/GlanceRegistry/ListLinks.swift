import GlanceModel

/// What is known of one list, at one state of its registry: which image follows which. So any part of it is known whose
/// images are, wherever those began and ended that were read.
struct ListLinks: Sendable {
    /// By the id of the image before, empty at the beginning; nil where nothing follows.
    private var next: [String: Image?] = [:]

    /// The `count` images behind `marker`, or fewer where the list ends; nil where one of them is not known.
    func images(behind marker: String?, count: Int) -> [Image]? {
        var images: [Image] = []
        var place = marker ?? ""
        // A service that lists an image twice leads round and round.
        while images.count < count, images.count <= next.count {
            guard let link = next[place] else { return nil }
            guard let image = link else { return images }
            images.append(image)
            place = image.id.text
        }
        return images.count == count ? images : nil
    }

    /// What these images, and the end behind them, take of memory at most, more or less.
    static func bytes(of images: [Image]) -> Int {
        images.reduce(MemoryLayout<Image?>.size) { $0 + $1.bytesInMemory }
    }

    /// Takes up what was read behind `marker`. Returns how many bytes of memory that takes besides.
    mutating func add(_ images: [Image], behind marker: String?, isToTheEnd: Bool) -> Int {
        var (place, bytes) = (marker ?? "", 0)
        for image in images {
            if next.updateValue(image, forKey: place) == nil { bytes += image.bytesInMemory }
            place = image.id.text
        }
        if isToTheEnd, next.updateValue(nil, forKey: place) == nil { bytes += MemoryLayout<Image?>.size }
        return bytes
    }
}
