import Testing

@testable import glance

/// Where the server is and who asks.
struct ClientSettingsTests {
    private func settings(
        _ options: [Option.Name: String] = [:], _ environment: [String: String] = [:], file: String? = nil
    ) throws(CommandError) -> ClientSettings {
        try ClientSettings(options: { options[$0] }, environment: environment, file: file)
    }

    @Test func `an option comes before the environment, that before the file, that before the default`() throws {
        let file = "# mine\nurl = http://file:1\n"
        let environment = ["GLANCE_URL": "http://environment:1"]

        #expect(try settings().url == "http://127.0.0.1:9292")
        #expect(try settings(file: file).url == "http://file:1")
        #expect(try settings([:], environment, file: file).url == "http://environment:1")
        #expect(try settings([.url: "http://option:1"], environment, file: file).url == "http://option:1")
        #expect(try settings([:], ["GLANCE_URL": ""], file: file).url == "http://file:1")
    }

    @Test func `the file's user and password file are for the file's server alone`() throws {
        let file = "url = http://file:1\nuser = ann\npassword_file = /p\n"

        #expect(try settings(file: file)[.user] == "ann")
        #expect(try settings(file: file).passwordFile == "/p")
        #expect(try settings([.url: "http://file:1"], file: file)[.user] == "ann")
        #expect(try settings([.url: "http://other:1"], file: file)[.user] == nil)
        #expect(try settings([.url: "http://other:1"], file: file).passwordFile == nil)
        #expect(try settings([.url: "http://other:1"], ["GLANCE_USER": "bob"], file: file)[.user] == "bob")
        #expect(try settings([.url: "http://other:1"], file: "user = ann")[.user] == nil)
        #expect(try settings(file: "user = ann")[.user] == "ann")
        #expect(try settings([.url: "http://127.0.0.1:9292"], file: "user = ann")[.user] == "ann")
    }

    @Test func `a netrc file is the one that is named, else the one at home`() throws {
        let home = ["HOME": "/home/ann"]

        #expect(try settings([:], home).netrc?.path == "/home/ann/.netrc")
        #expect(try settings([:], home).netrc?.isNamed == false)
        #expect(try settings([:], home.merging(["GLANCE_NETRC": "/n"]) { $1 }).netrc?.path == "/n")
        #expect(try settings([:], home, file: "netrc = ~/secrets/n").netrc?.path == "/home/ann/secrets/n")
        #expect(try settings().netrc == nil)
    }

    @Test func `an unknown line of the file is an error with its place`() {
        for (text, said) in [
            ("\npasword = x", "config:2: there is no setting “pasword”"),
            ("url", "config:1: the line is not of the form"),
            ("password = x", "config:1: there is no setting “password”"),
        ] {
            let error = #expect(throws: CommandError.self) { try settings(file: text) }
            #expect(error?.line(server: nil)?.hasPrefix(said) == true)
            #expect(error?.status == .usage)
        }
    }

    @Test func `the file is where the XDG says, else below the home`() {
        #expect(ClientSettings.path(["HOME": "/h"]) == "/h/.config/glance/config")
        #expect(ClientSettings.path(["HOME": "/h", "XDG_CONFIG_HOME": "/x"]) == "/x/glance/config")
        #expect(ClientSettings.path(["HOME": "/h", "XDG_CONFIG_HOME": "x"]) == "/h/.config/glance/config")
        #expect(ClientSettings.path([:]) == nil)
    }
}
