import GlanceModel
import GlanceWire
import HTTP
import Testing

@testable import GlanceClient

/// What a client makes of refusals, and of answers that are none.
@Suite struct GlanceClientRefusalTests {
    @Test(arguments: [
        (400, "badRequest"), (401, "loginNeeded"), (403, "notAllowed"), (404, "notFound"), (405, "badRequest"),
        (408, "unavailable"), (409, "conflict"), (412, "preconditionFailed"), (413, "tooLarge"), (415, "badRequest"),
        (416, "badRequest"), (429, "unavailable"), (500, "serverFailed"), (502, "serverFailed"), (503, "unavailable"),
        (504, "serverFailed"), (507, "noSpace"), (302, "malformed"),
    ])
    func `each refusal is one case, with the server's words and request id`(status: Int, name: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer(
                "Why, and what to do.\n", status: status,
                "Content-Type: text/plain; charset=utf-8\r\nX-Request-Id: 0123abcd\r\nRetry-After: 9\r\n")
        }

        let error = try #require(throws: GlanceError.self) { try client(of: server).images().next() }

        #expect("\(Mirror(reflecting: error).children.first?.label ?? "")" == name)
        #expect(error.description.contains("Why, and what to do."))
        if name != "malformed" {
            let said = Refusal(
                status: status, message: "Why, and what to do.", requestID: "0123abcd", retryAfterSeconds: 9)
            #expect(error.refusal == said)
        }
    }

    @Test(arguments: FailureKind.allCases)
    func `the table of failures is the same forwards and backwards`(kind: FailureKind) {
        #expect(FailureKind(status: kind.status.code) == kind)
    }

    @Test func `a text that would move a terminal's cursor is made harmless, and HTML is not repeated`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("No\u{1B}[2J \u{202E}way\nnever", status: 404, "Content-Type: text/plain\r\n")
            try peer.readHead()
            try peer.answer("<html>Bad</html>", status: 502, "Content-Type: text/html\r\n")
        }
        let client = try client(of: server)

        let refused = try #require(throws: GlanceError.self) { try client.images().next() }
        let strange = try #require(throws: GlanceError.self) { try client.images().next() }

        #expect(refused.description == "No?[2J ?way never")
        #expect(strange.description.hasPrefix("\(server.url.authority) refused with status 502: what stands behind it"))
        #expect(!strange.description.contains("<"))
    }

    @Test(arguments: [
        (401, "wants a user and a password"), (403, "ask as the image's owner"), (404, "a list shows"),
        (429, "try again later"), (503, "try again later"), (418, "is not right"),
    ])
    func `a refusal that has no body, as of HEAD, is put in words all the same`(status: Int, words: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 \(status) x\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\n")
        }

        let error = try #require(throws: GlanceError.self) { try client(of: server).image("1") }

        #expect(error.refusal?.status == status)
        #expect(error.description.contains("status \(status): ") && error.description.contains(words), "\(error)")
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno JSON!!", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"images\": [{\"id\": 1}]}",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: \(String(repeating: "x", count: 200_000))\r\n\r\n",
    ])
    func `what is no Glance is said to be none`(wire: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send(wire)
            try peer.skimToEnd()
        }

        #expect { try client(of: server).images().next() } throws: {
            if case GlanceError.malformed = $0 { true } else { false }
        }
    }

    @Test(arguments: [
        "x-image-meta-type: kernel\r\n", "x-image-meta-name: x\r\nx-image-meta-type: floppy\r\n",
        "x-image-meta-name: x\r\nx-image-meta-type: raw\r\nx-image-meta-size: -1\r\n",
        "x-image-meta-name: x\r\nx-image-meta-type: raw\r\nx-image-meta-status: lost\r\n", "",
    ])
    func `metadata that cannot be are malformed`(fields: String) throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.answer("", fields)
        }

        #expect { try client(of: server).image("1") } throws: {
            if case GlanceError.malformed = $0 { true } else { false }
        }
    }

    @Test func `headers without end are an error, and so is an answer that never comes`() throws {
        let endless = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\n")
            peer.sendForEver("X-More: and more\r\n")
        }
        let silent = try ScriptedServer { peer in
            try peer.readHead()
            try peer.skimToEnd()
        }
        var settings = GlanceClient.Settings()
        settings.idleSecondsMax = 1

        #expect { try client(of: endless).images().next() } throws: {
            if case GlanceError.malformed = $0 { true } else { false }
        }
        #expect { try GlanceClient(url: silent.url.description, settings: settings).images().next() } throws: {
            $0 as? GlanceError == .timedOut("\(silent.url.authority) was silent for too long")
        }
    }

    @Test func `the whole of a request has a bound, however lively the server`() throws {
        let server = try ScriptedServer { peer in
            try peer.readHead()
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            for _ in 0..<100 where !peer.isGone(withinMilliseconds: 100) { try peer.send(" ") }
        }
        var settings = GlanceClient.Settings()
        settings.requestSecondsMax = 1

        #expect { try GlanceClient(url: server.url.description, settings: settings).images().next() } throws: {
            if case GlanceError.timedOut(let text) = $0 { text.hasSuffix("not done within 1 seconds") } else { false }
        }
    }

    @Test func `nobody there is said in words`() throws {
        let server = try DeafServer(refuses: true)

        let error = try #require(throws: GlanceError.self) {
            try GlanceClient(url: server.url.description).image("1")
        }

        #expect(error.description.contains("Connection refused"))
        guard case .unreachable = error else { return #expect(Bool(false), "\(error)") }
    }

    @Test func `a stale connection costs a read nothing, and a change is not made twice`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.readHead()
                try peer.answer("", described)
                try peer.readHead()
            },
            { peer in
                try peer.readHead()
                try peer.answer("", described)
                try peer.readHead()
            },
            { try $0.readHead() })
        let client = try client(of: server)
        _ = try client.image("1")

        _ = try client.image("2")
        #expect { try client.delete("2") } throws: { if case GlanceError.brokenOff = $0 { true } else { false } }

        #expect(
            server.story() == [
                "[HEAD /images/1 HTTP/1.1][HEAD /images/2 HTTP/1.1]",
                "[HEAD /images/2 HTTP/1.1][DELETE /images/2 HTTP/1.1]",
            ])
    }
}
