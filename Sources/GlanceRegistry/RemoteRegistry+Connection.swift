import GlanceClient
import GlanceModel
import HTTP
import Synchronization

extension RemoteRegistry {
    /// The way to the service that keeps the records, found when it is first needed.
    final class Connection: Sendable {
        private let settings: Settings
        private let found = Mutex<RemoteService?>(nil)

        init(_ settings: Settings) {
            self.settings = settings
        }

        /// Finds the service's site, or makes it if it is new. Throws `registryAway` in words where the service cannot be a
        /// registry, or is not this host's.
        func service() throws(Failure) -> RemoteService {
            if let known = found.withLock({ $0 }) { return known }
            do throws(GlanceError) {
                let service = try find()
                found.withLock { $0 = service }
                return service
            } catch {
                throw Failure(error, of: settings.url)
            }
        }

        private func find() throws(GlanceError) -> RemoteService {
            var client = settings.client
            client.headers.add(ReservedProperty.requestHeader, "1")
            let glance = try GlanceClient(url: settings.url, settings: client)
            let role = try RemoteRole.site(on: glance, newSite: settings.newSite, host: settings.host)
            guard role.countsVersions || role.host == settings.host else {
                throw .malformed(
                    """
                    \(glance.address) counts no versions of its images, so one host alone can use it, and that is \
                    “\(role.host)”, not “\(settings.host)”: use a Glance of this kind as the registry of several hosts \
                    (docs/operations.md says what to do where it is the same host under another name)
                    """)
            }
            return RemoteService(
                client: glance, countsVersions: role.countsVersions, lockPath: settings.lockPath,
                lockSecondsMax: settings.client.idleSecondsMax, newName: settings.newName)
        }
    }
}
