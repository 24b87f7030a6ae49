import Testing

@testable import glance

/// Users and passwords out of netrc files.
struct NetrcTests {
    private func credentials(_ text: String, host: String, user: String? = nil) -> String? {
        Netrc(text).credentials(host: host, user: user).map { "\($0.user):\($0.password)" }
    }

    @Test func `an entry is for its host, whatever its case, on one line or on several`() {
        let text = "machine a.example login ann password one\nmachine B.example\n\tlogin bob\n\tpassword two\n"

        #expect(credentials(text, host: "A.EXAMPLE") == "ann:one")
        #expect(credentials(text, host: "b.example") == "bob:two")
        #expect(credentials(text, host: "c.example") == nil)
        #expect(credentials(text, host: "example") == nil)
    }

    @Test func `the default is for hosts that have no entry, wherever it stands`() {
        let text = "default login any password d\nmachine a login ann password one\n"

        #expect(credentials(text, host: "a") == "ann:one")
        #expect(credentials(text, host: "b") == "any:d")
    }

    @Test func `of several entries of a host the one of the user counts`() {
        let text = "machine a login ann password one machine a login bob password two"

        #expect(credentials(text, host: "a", user: "bob") == "bob:two")
        #expect(credentials(text, host: "a") == "ann:one")
        #expect(credentials(text, host: "a", user: "eve") == nil)
    }

    @Test func `an entry without a login is for whoever asks`() {
        #expect(credentials("machine a password one", host: "a", user: "eve") == "eve:one")
        #expect(credentials("machine a password one", host: "a") == nil)
        #expect(credentials("machine a login ann", host: "a") == nil)
    }

    @Test func `words in quotes have blanks and escapes`() {
        #expect(credentials(#"machine a login "a n" password "p\"\\ \t#""#, host: "a") == "a n:p\"\\ \t#")
        #expect(credentials(#"machine a login x password "#, host: "a") == nil)
        #expect(credentials("machine a login x password \"open", host: "a") == "x:open")
    }

    @Test func `a macro up to its empty line, remarks and accounts are skipped`() {
        let text = """
            # machine a login no password no
            machine a
              login ann account x
            macdef init
            machine a login macro password macro
            password macro

              password p#1
            """

        #expect(credentials(text, host: "a") == "ann:p#1")
    }

    @Test(
        arguments: [
            ("http://h:9292", "h"), ("https://h/x", "h"), ("http://[::1]:9292/x", "::1"), ("http://h", "h"),
            ("h:1", nil),
            ("http://:1", nil),
        ] as [(String, String?)])
    func `a host is found in its URL`(url: String, host: String?) {
        #expect(hostName(url) == host)
    }
}
