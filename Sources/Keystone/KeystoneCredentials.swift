/// How a service proves to Keystone who it is (https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management).
package enum KeystoneCredentials: Sendable {
    /// Names are unique within their domains only.
    case password(user: String, userDomain: String, password: String, project: String, projectDomain: String)
    case applicationCredential(id: String, secret: String)

    var body: TokenRequest {
        switch self {
        case .password(let user, let userDomain, let password, let project, let projectDomain):
            TokenRequest(
                auth: TokenRequest.Auth(
                    identity: TokenRequest.Identity(
                        methods: ["password"],
                        password: TokenRequest.Password(
                            user: TokenRequest.User(
                                name: user, domain: TokenRequest.Domain(name: userDomain), password: password))),
                    scope: TokenRequest.Scope(
                        project: TokenRequest.Project(
                            name: project, domain: TokenRequest.Domain(name: projectDomain)))))
        case .applicationCredential(let id, let secret):
            // Its scope is the project that it was made in.
            TokenRequest(
                auth: TokenRequest.Auth(
                    identity: TokenRequest.Identity(
                        methods: ["application_credential"],
                        applicationCredential: TokenRequest.ApplicationCredential(id: id, secret: secret))))
        }
    }
}

/// The body of `POST /v3/auth/tokens`.
struct TokenRequest: Encodable {
    struct Auth: Encodable {
        var identity: Identity
        var scope: Scope?
    }

    struct Identity: Encodable {
        var methods: [String]
        var password: Password?
        var applicationCredential: ApplicationCredential?

        enum CodingKeys: String, CodingKey {
            case methods, password
            case applicationCredential = "application_credential"
        }
    }

    struct Password: Encodable {
        var user: User
    }

    struct User: Encodable {
        var name: String
        var domain: Domain
        var password: String
    }

    struct ApplicationCredential: Encodable {
        var id: String
        var secret: String
    }

    struct Scope: Encodable {
        var project: Project
    }

    struct Project: Encodable {
        var name: String
        var domain: Domain
    }

    struct Domain: Encodable {
        var name: String
    }

    var auth: Auth
}
