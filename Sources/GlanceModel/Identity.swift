/// Who makes a request, as the gateway proved it. Each use of an image asks it.
package enum Identity: Equatable, Sendable {
    /// Nobody logs in here: whoever can reach the service is its operator.
    case theOperator
    case anonymous
    case user(String)
    case admin(String)

    /// The name that an image added by this identity carries.
    package var ownerName: String {
        switch self {
        case .theOperator, .anonymous: ""
        case .user(let name), .admin(let name): name
        }
    }

    package var mayEverything: Bool {
        switch self {
        case .theOperator, .admin: true
        case .anonymous, .user: false
        }
    }

    private func owns(_ image: Image) -> Bool {
        guard case .user(let name) = self else { return false }
        return sameBytes(image.owner, name)
    }

    package func maySee(_ image: Image) -> Bool {
        image.isPublic || mayEverything || owns(image)
    }

    /// Whose private images a list may hold.
    package var listsPrivateOf: ImageQuery.Owners {
        switch self {
        case .theOperator, .admin: .everyone
        case .user(let name): .one(name)
        case .anonymous: .nobody
        }
    }

    /// Asked before anything is added, changed or deleted.
    package func mayWrite() throws(Failure) {
        guard self != .anonymous else { throw .loginNeeded }
    }

    /// Asked of an image that this identity may see.
    package func mayChange(_ image: Image) throws(Failure) {
        guard mayEverything || owns(image) else { throw .notAllowed(image.id) }
    }
}
