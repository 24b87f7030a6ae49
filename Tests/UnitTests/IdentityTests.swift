import GlanceModel
import Synchronization
import Testing

@Suite struct IdentityTests {
    /// What an identity may do with an image.
    private enum Allowed: String {
        case nothing, see, change
    }

    private static let matrix: [(Identity, owner: String, isPublic: Bool, allowed: String)] = [
        (.theOperator, "", true, "change"), (.theOperator, "", false, "change"), (.theOperator, "ann", false, "change"),
        (.admin("root"), "", false, "change"), (.admin("root"), "ann", false, "change"),
        (.admin("root"), "ann", true, "change"),
        (.user("ann"), "ann", true, "change"), (.user("ann"), "ann", false, "change"),
        (.user("bob"), "ann", true, "see"), (.user("bob"), "ann", false, "nothing"),
        (.user("bob"), "", true, "see"), (.user("bob"), "", false, "nothing"),
        (.user("ANN"), "ann", false, "nothing"),
        (.anonymous, "ann", true, "see"), (.anonymous, "ann", false, "nothing"),
        (.anonymous, "", true, "see"), (.anonymous, "", false, "nothing"),
    ]

    @Test(arguments: matrix)
    func `who may see and change what`(identity: Identity, owner: String, isPublic: Bool, allowed: String) throws {
        let image = try Image.made(isPublic: isPublic, owner: owner)

        let mayChange = (try? identity.mayChange(image)) != nil

        let found: Allowed = !identity.maySee(image) ? .nothing : mayChange ? .change : .see
        #expect(found.rawValue == allowed)
    }

    @Test func `who may not change an image learns why`() throws {
        let image = try Image.made(isPublic: true, owner: "ann")

        #expect(throws: Failure.notAllowed(image.id)) { try Identity.user("bob").mayChange(image) }
    }

    @Test func `to write, one has to be somebody`() throws {
        #expect(throws: Failure.loginNeeded) { try Identity.anonymous.mayWrite() }
        for identity in [Identity.theOperator, .user("ann"), .admin("root")] { try identity.mayWrite() }
    }

    @Test(arguments: [
        (Identity.theOperator, ImageQuery.Owners.everyone, ""), (.admin("root"), .everyone, "root"),
        (.user("ann"), .one("ann"), "ann"), (.anonymous, .nobody, ""),
    ])
    func `whose private images a list holds, and whose name an image gets`(
        identity: Identity, owners: ImageQuery.Owners, name: String
    ) {
        #expect(identity.listsPrivateOf == owners)
        #expect(identity.ownerName == name)
    }
}

@Suite struct TransferSlotsTests {
    @Test func `there are so many slots, and one that is let go of is free again`() throws {
        let slots = TransferSlots(max: 2)
        let first = try slots.take()
        var second: TransferSlot? = try slots.take()

        #expect(throws: Failure.transfersTaken) { try slots.take() }
        withExtendedLifetime(second) {}
        second = nil

        let third = try slots.take()
        #expect(throws: Failure.transfersTaken) { try slots.take() }
        withExtendedLifetime((first, third)) {}
    }

    @Test func `how many are in use is told at each change`() throws {
        let told = Told()
        let slots = TransferSlots(max: 2) { count in told.numbers.withLock { $0.append(count) } }

        do {
            let one = try slots.take()
            let two = try slots.take()
            #expect(throws: Failure.transfersTaken) { try slots.take() }
            withExtendedLifetime((one, two)) {}
        }

        #expect(told.numbers.withLock { $0 } == [1, 2, 1, 0])
    }

    private final class Told: Sendable {
        let numbers = Mutex<[Int]>([])
    }
}
