import GlanceModel
import Testing

@Suite struct ImageChangeTests {
    private let now = Timestamp(seconds: 1_200_000_000)

    @Test func `what a change does not name stays as it is`() throws {
        let image = try Image.made(properties: ["arch": "x86"], owner: "ann", version: 4)

        var expected = image
        expected.updatedAt = now
        expected.version = 5
        #expect(try image.changed(ImageChange(), at: now) == expected)
    }

    @Test func `what it names is changed`() throws {
        var change = ImageChange()
        change.name = ImageName("other")
        change.type = .kernel
        change.isPublic = true

        let changed = try Image.made().changed(change, at: now)

        #expect(changed.name.text == "other")
        #expect(changed.type == .kernel)
        #expect(changed.isPublic)
    }

    @Test func `the time of a change never goes back`() throws {
        let image = try Image.made()

        let changed = try image.changed(ImageChange(), at: Timestamp(seconds: 5))

        #expect(changed.updatedAt == image.updatedAt)
        #expect(changed.createdAt == image.createdAt)
    }

    @Test func `properties are put over those that are there, or replace them`() throws {
        let image = try Image.made(properties: ["a": "1", "b": "2"])
        var change = ImageChange()
        try change.properties.add("b", "new")

        #expect(
            try image.changed(change, at: now).properties == Image.made(properties: ["a": "1", "b": "new"]).properties)

        change.replacesProperties = true
        #expect(try image.changed(change, at: now).properties == Image.made(properties: ["b": "new"]).properties)
    }

    @Test func `what data will be can be said anew while there are none`() throws {
        let image = try Image.made(size: nil, status: .queued, sha256: nil)
        var change = ImageChange()
        change.size = 9
        change.sha256 = .of("b")
        change.store = StoreName("swift")

        let changed = try image.changed(change, at: now)

        #expect(changed.size == 9)
        #expect(changed.sha256 == .of("b"))
        #expect(changed.store == StoreName("swift"))
    }

    @Test func `what data have fixed can be given as it is`() throws {
        let image = try Image.made(id: "disk")
        var change = ImageChange()
        change.id = "disk"
        change.size = image.size
        change.store = image.store
        change.sha256 = image.sha256

        #expect(try image.changed(change, at: now).version == 2)
    }

    @Test(arguments: ["size", "store", "sha256"])
    func `what data have fixed cannot be changed`(field: String) throws {
        let image = try Image.made()
        var change = ImageChange()
        switch field {
        case "size": change.size = 6
        case "store": change.store = StoreName("swift")
        default: change.sha256 = .of("b")
        }

        #expect(throws: Failure.fieldImmutable(image.id, field: field)) { try image.changed(change, at: now) }
    }

    @Test(arguments: [ImageStatus.queued, .available], ["8", "07", "DISK", ""])
    func `an id never changes`(status: ImageStatus, id: String) throws {
        let image = try Image.made(status: status)
        var change = ImageChange()
        change.id = id

        #expect(throws: Failure.fieldImmutable(image.id, field: "id")) { try image.changed(change, at: now) }
    }

    @Test(arguments: [0, 1, 3])
    func `a change of a version that is not there any more is refused`(version: Int64) throws {
        let image = try Image.made(version: 2)
        var change = ImageChange()
        change.version = version

        #expect(throws: Failure.versionConflict(image.id, current: 2)) { try image.changed(change, at: now) }

        change.version = 2
        #expect(try image.changed(change, at: now).version == 3)
    }
}
