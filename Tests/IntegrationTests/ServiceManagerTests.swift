import Foundation
import Testing

/// What a service says to the manager that started it.
@Suite struct ServiceManagerTests {
    private let ear: Ear
    private let service: Service

    init() throws {
        ear = try Ear()
        service = try Service(
            ["--workers", "2"], environment: ["NOTIFY_SOCKET": ear.name, "WATCHDOG_USEC": "1000000"])
    }

    @Test func `it is told of the start, of a reload, of one that is refused, and of the end`() throws {
        #expect(ear.hears("READY=1\nSTATUS=serving, 2 workers"))

        kill(service.pid, SIGHUP)
        #expect(ear.hears("RELOADING=1\nMONOTONIC_USEC="))
        #expect(ear.hears("READY=1\nSTATUS=serving, 2 workers"))

        try FileManager.default.removeItem(atPath: "\(service.directory)/images/.glance-site")
        try "another\n".write(toFile: "\(service.directory)/images/.glance-site", atomically: true, encoding: .utf8)
        kill(service.pid, SIGHUP)
        #expect(ear.hears("RELOADING=1\n"))
        #expect(ear.hears("READY=1\nSTATUS=settings not reloaded: the store file failed: "))

        #expect(service.stop() == 0)
        #expect(ear.hears("STOPPING=1\n"))
    }

    @Test func `signs of life come while any worker moves, and end when all stand still`() throws {
        #expect(ear.hears("READY=1\n"))
        let workers = children(of: service.pid).filter { commandLine(of: $0).contains(" worker ") }
        #expect(workers.count == 2)

        kill(workers[0], SIGSTOP)
        let longerThanAnySilence = Date(timeIntervalSinceNow: 14)
        #expect(eventually { Date() > longerThanAnySilence })
        _ = ear.messages()
        #expect(eventually { ear.messages().contains("WATCHDOG=1\n") })

        kill(workers[1], SIGSTOP)
        var last = Date()
        #expect(
            eventually(within: 40) {
                if ear.messages().contains("WATCHDOG=1\n") { last = Date() }
                return Date().timeIntervalSince(last) > 3
            })

        for worker in workers { kill(worker, SIGCONT) }
        #expect(eventually { ear.messages().contains("WATCHDOG=1\n") })
        #expect(service.stop() == 0)
    }
}
