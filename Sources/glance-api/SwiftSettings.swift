import GlanceStores
import HTTPClient
import Keystone
import SettingsText

/// The settings of the swift store, with what its credentials file says.
struct SwiftSettings: Sendable {
    let authentication: ServerURL
    let credentials: SwiftCredentials
    let credentialsPath: String
    let container: String
    let containers: Int
    let segmentBytes: Int64
    let client: HTTPClient.Settings

    /// Bytes of a container's name (https://docs.openstack.org/api-ref/object-store/), less what this service adds.
    private static let containerBytesMax = 256 - "_1023_segments".utf8.count

    init(_ reader: SettingsReader) throws(SettingsError) {
        guard let url = ServerURL(reader.text("swift_auth_url")) else {
            throw reader.error(
                "swift_auth_url",
                "with stores = swift it takes the http or https URL where tokens come from, without user and password")
        }
        authentication = url
        container = reader.text("swift_container")
        guard (1...Self.containerBytesMax).contains(container.utf8.count), !container.contains("/") else {
            throw reader.error("swift_container", "it takes 1 to \(Self.containerBytesMax) bytes without a slash")
        }
        containers = reader.int("swift_containers")
        segmentBytes = reader.number("swift_segment_bytes")
        var client = HTTPClient.Settings()
        client.idleSecondsMax = reader.int("swift_idle_seconds_max")
        client.caFile = try reader.caFile()
        self.client = client
        credentialsPath = try reader.absolutePath("swift_credentials_file")
        let file = try CredentialsFile(credentialsPath)
        credentials = try Self.credentials(reader, file)
    }

    private static func credentials(
        _ reader: SettingsReader, _ file: CredentialsFile
    ) throws(SettingsError) -> SwiftCredentials {
        guard reader.text("swift_auth") == "keystone" else {
            try file.check(["user", "key"])
            return .v1(user: try file.value("user"), key: try file.value("key"))
        }
        let region = reader.text("swift_region")
        return .keystone(
            try keystone(file), interface: reader.text("swift_interface"), region: region.isEmpty ? nil : region)
    }

    private static func keystone(_ file: CredentialsFile) throws(SettingsError) -> KeystoneCredentials {
        if file.has("application_credential_id") {
            try file.check(["application_credential_id", "application_credential_secret"])
            return .applicationCredential(
                id: try file.value("application_credential_id"), secret: try file.value("application_credential_secret")
            )
        }
        try file.check(["user", "user_domain", "password", "project", "project_domain"])
        return .password(
            user: try file.value("user"), userDomain: try file.value("user_domain"),
            password: try file.value("password"), project: try file.value("project"),
            projectDomain: try file.value("project_domain"))
    }
}

/// Secrets, which are in no setting and in no text that this program writes.
struct CredentialsFile {
    private let path: String
    private let lines: [SettingsLine]

    init(_ path: String) throws(SettingsError) {
        self.path = path
        lines = try SettingsLine.all(in: SettingsLine.read(path, "credentials file"), named: path)
    }

    func has(_ key: String) -> Bool { lines.contains { $0.key == key } }

    func value(_ key: String) throws(SettingsError) -> String {
        guard let line = lines.last(where: { $0.key == key }), !line.value.isEmpty else {
            throw SettingsError(place: path, problem: "the line “\(key) = …” is missing")
        }
        return line.value
    }

    func check(_ known: [String]) throws(SettingsError) {
        guard let line = lines.first(where: { !known.contains($0.key) }) else { return }
        throw SettingsError(
            place: line.place, problem: "there is no key “\(line.key)” here: it takes \(known.joined(separator: ", "))")
    }
}
