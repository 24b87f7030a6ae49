import GlanceClient
import GlanceWire
import Glibc

extension Command {
    static let verify = Command(
        "verify", "Compares a file here with an image.",
        [Operand(name: "FILE", kind: .file), Operand(name: "IMAGE", kind: .image, isOptional: true)],
        [.json, .quiet, .progress],
        details: [
            "The file is read and nothing is fetched: sizes and SHA-256 are compared. IMAGE is an id, a URI, or a name that only one image has.",
            "Without IMAGE it is looked for: every image with the same bytes is printed.",
        ],
        examples: ["glance verify disk.img 7", "glance verify disk.img"]
    ) { invocation throws(CommandError) in
        let file = invocation.operands[0]
        let client = try invocation.client()
        let image =
            invocation.operands.count > 1 ? try client.meant(by: invocation.operands[1]) : nil
        let digest = try invocation.digest(of: file)
        guard let image else {
            for image in try client.images(like: digest, file) { try invocation.tellSame(file, image) }
            return
        }
        guard !image.sha256.isEmpty else {
            throw .failed("the server knows no SHA-256 of the image \(image.id), so nothing can be compared")
        }
        guard image.size == digest.size, image.sha256 == digest.sha256 else {
            let difference =
                image.size == digest.size
                ? "its SHA-256 is \(digest.sha256), the image's \(image.sha256)"
                : "it has \(digest.size) bytes, the image \(image.size)"
            throw .stopped(.damaged, "\(file) is not the image \(image.id): \(difference)")
        }
        try invocation.tellSame(file, image)
    }
}

extension GlanceClient {
    fileprivate func images(like digest: FileDigest, _ file: String) throws(CommandError) -> [ImageMetadata] {
        var filter = ImageFilter()
        filter.visibility = .all
        (filter.sizeMin, filter.sizeMax) = (digest.size, digest.size)
        let list = imagesDetailed(filter)
        var same: [ImageMetadata] = []
        while let image = try asking({ () throws(GlanceError) in try list.next() }) {
            if image.sha256 == digest.sha256 { same.append(image) }
        }
        guard !same.isEmpty else { throw .stopped(.notFound, "no image that you may see has the bytes of \(file)") }
        return same
    }
}

extension Invocation {
    fileprivate func digest(of file: String) throws(CommandError) -> FileDigest {
        var facts = stat()
        let isRegular = stat(file, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
        let total = isRegular ? Int64(facts.st_size) : nil
        return try transferWatch().watch("reading \(file)", total: total, advice: "Nothing was compared.") {
            told throws(CommandError) in
            try asking { () throws(GlanceError) in try GlanceClient.digest(ofFile: file, progress: told) }
        }
    }

    fileprivate func tellSame(_ file: String, _ image: ImageMetadata) throws(CommandError) {
        guard !has(.quiet), !has(.json) else { return try show(image) }
        try console.print(printable("\(file) is the image \(image.id) (\(image.name))"))
    }
}
