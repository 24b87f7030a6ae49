import GlanceModel
import HTTP
import HTTPClient
import Testing

@testable import GlanceStores

/// How often a Swift is asked that does not answer as it should.
struct SwiftAccountTests {
    /// A store whose Swift and authentication are both at `url`.
    private func makeStore(_ url: ServerURL) throws -> SwiftStore {
        let authentication = try #require(ServerURL("\(url)/auth/v1.0"))
        let settings = SwiftStore.Settings(
            authentication: authentication, credentials: .v1(user: "u", key: "k"), registered: { ("site", false) })
        return try SwiftStore(settings, now: { Timestamp(seconds: 1000) }, uptime: { 1000 })
    }

    @Test func `a right that is missing is asked for once`() throws {
        let server = try ScriptedServer { peer in
            try peer.giveToken()
            try peer.readHead()
            try peer.answer("", status: 403)
            try peer.readToEnd()
        }

        do {
            let account = try makeStore(server.url).account
            #expect(try account.ask("GET", "/c/o").status == 403)
        }

        #expect(server.story() == ["\(login)[GET /c/o HTTP/1.1|X-Auth-Token: t]<gone>"])
    }

    @Test func `an authentication that stumbles twice is no failure`() throws {
        let server = try ScriptedServer { peer in
            for _ in 0..<2 {
                try peer.readHead()
                try peer.answer("", status: 503)
            }
            try peer.giveToken()
            try peer.readHead()
            try peer.answer("")
            try peer.readToEnd()
        }

        do {
            let account = try makeStore(server.url).account
            #expect(try account.ask("GET", "/c/o").status == 200)
        }

        #expect(server.story() == ["\(login)\(login)\(login)[GET /c/o HTTP/1.1|X-Auth-Token: t]<gone>"])
    }

    @Test func `an authentication that does not work is asked three times, for all who want a token`() throws {
        let server = try ScriptedServer { peer in
            for _ in 0..<3 {
                try peer.readHead()
                try peer.answer("", status: 503)
            }
            try peer.readToEnd()
        }

        do {
            let account = try makeStore(server.url).account
            for _ in 0..<3 { #expect(throws: Failure.self) { try account.ask("GET", "/c/o") } }
        }

        #expect(server.story() == ["\(login)\(login)\(login)<gone>"])
    }

    @Test func `a token that is refused amid an upload is not used again`() throws {
        let server = try ScriptedServer(
            { peer in
                try peer.giveToken()
                try peer.readHead()
                try peer.send("HTTP/1.1 100 Continue\r\n\r\n")
                try peer.skim(1000)
                try peer.answer("", status: 401)
                try peer.skimToEnd()
            }, { peer in try peer.giveToken() })
        let store = try makeStore(server.url)
        let place = SwiftLocation(container: "c", name: "o", segments: 0)
        let bytes = [UInt8](repeating: 0, count: 1 << 16)

        let failure = #expect(throws: Failure.self) {
            let upload = try SwiftUpload(store, at: place, size: 64 << 20)
            while true { try bytes.withUnsafeBytes(upload.write) }
        }
        _ = try store.account.tokens.current(secondsMax: 50)

        #expect(
            failure
                == .storeAway(
                    .swift, reason: "PUT of /c/o: its token is refused, and a new one too (HTTP 401)"))
        #expect(server.story().last == login)
    }

    @Test(arguments: [true, false])
    func `a check of a Swift that is silent ends soon, and asks once`(hasToken: Bool) async throws {
        let server = try ScriptedServer { peer in
            if hasToken { try peer.giveToken() }
            try peer.readHead()
            try peer.skimToEnd()
        }
        let url = server.url

        let failure: Failure? = await withCheckedContinuation { continuation in
            _ = ThreadBeside {
                do {
                    try makeStore(url).check()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error as? Failure)
                }
            }
        }

        // A login that hangs is left to a thread of its own, which this test has no time to wait for.
        let reason = try String(describing: #require(failure))
        #expect(reason.contains("silent"), "\(reason)")
        if hasToken { #expect(server.story() == ["\(login)[HEAD /glance HTTP/1.1|X-Auth-Token: t]<gone>"]) }
    }

    private let login = "[GET /auth/v1.0 HTTP/1.1|X-Auth-User: u|X-Auth-Key: k]"
}

extension ScriptedPeer {
    /// Answers a login.
    fileprivate func giveToken() throws {
        try readHead()
        try answer("", "X-Auth-Token: t\r\nX-Storage-Url: http://\(host)\r\n")
    }
}
