import HTTP
import Testing

@Suite struct RequestTargetTests {
    @Test(arguments: [
        ("/", []), ("/images", ["images"]), ("/images/", ["images"]), ("/images/7", ["images", "7"]),
        ("/images/a%2Fb", ["images", "a/b"]), ("/images/%C3%a4", ["images", "ä"]), ("/a+b", ["a+b"]),
        ("/images?x=/y/", ["images"]), ("//images", ["", "images"]), ("/images//", ["images", ""]),
        ("/./../x", [".", "..", "x"]), ("/a%3Fb", ["a?b"]), ("/%00", ["\u{0}"]),
    ])
    func `a path is its segments, decoded and not normalised`(text: String, segments: [String]) {
        #expect(RequestTarget(text).segments == segments)
    }

    @Test(arguments: ["", "images", "*", "http://host/images", "?x", "/%", "/%2", "/%zz", "/%2g", "/%ff", "/%C3"])
    func `what is no path has no segments`(text: String) {
        #expect(RequestTarget(text).segments == nil)
    }

    @Test(arguments: [
        ("/", []), ("/?", []), ("/?a=1&b=2", ["a=1", "b=2"]), ("/?a=1&a=2", ["a=1", "a=2"]), ("/?a", ["a="]),
        ("/?a=b=c", ["a=b=c"]), ("/?&&a=1&", ["a=1"]), ("/?na+me=x%2By%20z", ["na me=x+y z"]), ("/?=1", ["=1"]),
        ("/?a=%26&b=%3D", ["a=&", "b=="]), ("/?a=1?b=2", ["a=1?b=2"]), ("/?%C3%A4=%E2%82%AC", ["ä=€"]),
    ])
    func `a query is its pairs in order, decoded as a form is`(text: String, pairs: [String]) throws {
        let found = try #require(RequestTarget(text).queryPairs())

        #expect(found.map { "\($0.name)=\($0.value)" } == pairs)
    }

    @Test(arguments: ["/?a=%", "/?%4=1", "/?a=1&b=%zz", "/?a=%ff"])
    func `a query with a broken escape has no pairs`(text: String) {
        #expect(RequestTarget(text).queryPairs() == nil)
    }

    @Test func `methods are told apart by case`() {
        #expect(Request.Method("GET") == .get)
        #expect(Request.Method("get") == .other("get"))
        #expect(["HEAD", "POST", "PUT", "DELETE"].map(Request.Method.init) == [.head, .post, .put, .delete])
    }
}
