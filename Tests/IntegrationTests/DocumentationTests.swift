import Foundation
import Testing

/// The API chapter of the Glance documentation of December 2010, example after example.
@Suite(.serialized) struct DocumentationTests {
    let site: Site

    init() throws {
        site = try Site.shared.get()
    }

    @Test func `adding an image with its metadata in headers gives the record with its id`() throws {
        let answer = try site.add(
            "5368709120",
            [
                "x-image-meta-id": "doc-1", "x-image-meta-name": "Ubuntu 10.04 Plain", "x-image-meta-store": "file",
                "x-image-meta-type": "kernel", "x-image-meta-size": "10", "x-image-meta-is_public": "True",
                "x-image-meta-property-distro": "Ubuntu 10.04 LTS",
            ])

        #expect(answer.status == 200)
        #expect(answer["location"] == "\(site.url)/images/doc-1")
        #expect(try answer.json("image", "id") as? String == "doc-1")
        #expect(try answer.json("image", "size") as? String == "10")
        #expect(try answer.json("image", "is_public") as? Bool == true)
        #expect(try answer.json("image", "properties", "distro") as? String == "Ubuntu 10.04 LTS")
    }

    @Test func `the list of public images names uri, name, type and size of each`() throws {
        let answer = try site.curl("/images/")

        let images = try #require(try answer.json("images") as? [[String: String]])
        let image = try #require(images.first { $0["id"] == "doc-1" })
        #expect(
            image == [
                "uri": "\(site.url)/images/doc-1", "name": "Ubuntu 10.04 Plain", "type": "kernel", "size": "10",
                "id": "doc-1",
            ])
    }

    @Test func `the detailed list has every field`() throws {
        let answer = try site.curl("/images/detail")

        let images = try #require(try answer.json("images") as? [[String: Any]])
        let image = try #require(images.first { $0["id"] as? String == "doc-1" })
        let documented: Set = [
            "uri", "name", "type", "size", "store", "created_at", "updated_at", "deleted_at", "status", "is_public",
            "properties",
        ]
        #expect(documented.isSubset(of: image.keys))
        #expect(image["status"] as? String == "available")
        #expect(image["deleted_at"] as? String == "")
    }

    @Test func `HEAD gives the metadata as headers`() throws {
        let answer = try site.send("HEAD", "/images/doc-1")

        #expect(answer.status == 200)
        #expect(answer["x-image-meta-uri"] == "\(site.url)/images/doc-1")
        #expect(answer["x-image-meta-name"] == "Ubuntu 10.04 Plain")
        #expect(answer["x-image-meta-type"] == "kernel")
        #expect(answer["x-image-meta-size"] == "10")
        #expect(answer["x-image-meta-store"] == "file")
        #expect(answer["x-image-meta-deleted_at"] == "")
        #expect(answer["x-image-meta-status"] == "available")
        #expect(answer["x-image-meta-is_public"] == "True")
        #expect(answer["x-image-meta-property-distro"] == "Ubuntu 10.04 LTS")
        #expect(answer["x-image-meta-created_at"]?.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/) != nil)
    }

    @Test func `GET gives the same headers and the image, sent by nginx`() throws {
        let head = try site.send("HEAD", "/images/doc-1")

        let answer = try site.curl("/images/doc-1")

        #expect(answer.text == "5368709120")
        let described = { (answer: Answer) in
            answer.headers.filter { $0.name.hasPrefix("x-image-meta-") }.map { "\($0.name): \($0.value)" }.sorted()
        }
        #expect(described(answer) == described(head))
        for name in ["content-type", "content-length", "etag", "last-modified", "x-content-type-options"] {
            #expect(answer[name] == head[name], "\(name)")
            #expect(answer.count(name) == 1, "\(name)")
        }
        #expect(answer.count("accept-ranges") == 1)
        #expect(answer["x-accel-redirect"] == nil)
        #expect(answer["x-glance-headers"] == nil)
    }

    @Test func `an id that is taken is refused with 409`() throws {
        #expect(try site.add("again", ["x-image-meta-id": "doc-1"]).status == 409)
    }

    @Test func `a size that is not the body's is refused with 400 and leaves nothing`() throws {
        let answer = try site.add("four", ["x-image-meta-id": "doc-2", "x-image-meta-size": "5"])

        #expect(answer.status == 400)
        #expect(answer.text.contains("4 bytes"))
        #expect(try site.send("HEAD", "/images/doc-2").status == 404)
    }

    @Test func `a store that is not there is refused with 400`() throws {
        let answer = try site.add("x", ["x-image-meta-store": "tape"])

        #expect(answer.status == 400)
        #expect(answer.text.contains("file"))
    }

    @Test(arguments: ["true", "on", "1", "YES", "y", "T"])
    func `a public image may be said to be one in many words`(word: String) throws {
        let answer = try site.add("x", ["x-image-meta-is_public": word])

        #expect(try answer.json("image", "is_public") as? Bool == true)
    }

    @Test func `an image that is not said to be public is in no public list, and readable by its id`() throws {
        let id = try #require(try site.add("mine").json("image", "id") as? String)

        #expect(try !site.curl("/images/").ids().contains(id))
        #expect(try site.curl("/images/?is_public=false").ids().contains(id))
        #expect(try site.curl("/images/\(id)").text == "mine")
    }

    @Test func `metadata alone makes a queued image whose data come later`() throws {
        let added = try site.add(nil, ["x-image-meta-name": "Later"])
        let id = try #require(try added.json("image", "id") as? String)
        #expect(try added.json("image", "status") as? String == "queued")
        #expect(try site.curl("/images/\(id)").status == 404)

        let filled = try site.send("PUT", "/images/\(id)", "here it is")

        #expect(filled.status == 200)
        #expect(try filled.json("image", "status") as? String == "available")
        #expect(try site.curl("/images/\(id)").text == "here it is")
    }

    @Test func `PUT changes metadata and DELETE removes the image`() throws {
        let id = try #require(
            try site.add("x", ["x-image-meta-property-a": "1", "x-image-meta-property-b": "2"]).json("image", "id")
                as? String)

        let changed = try site.send(
            "PUT", "/images/\(id)", nil, ["x-image-meta-name": "Renamed", "x-image-meta-property-b": "3"])
        #expect(try changed.json("image", "name") as? String == "Renamed")
        #expect(try changed.json("image", "properties") as? [String: String] == ["a": "1", "b": "3"])

        let deleted = try site.send("DELETE", "/images/\(id)")
        #expect(deleted.status == 200)
        #expect(deleted.body.isEmpty)
        #expect(try site.curl("/images/\(id)").status == 404)
        #expect(try site.add("x", ["x-image-meta-id": id]).status == 409)
    }
}
