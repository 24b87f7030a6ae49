import HTTPClient

/// The data of an image as a sequence of pieces, verified at their end: `damaged` where they are not the image's. A piece is
/// fetched when it is asked for and not before, so that a slow reader slows the server, and memory holds one piece. To be
/// iterated once.
public struct ImageChunks: AsyncSequence, Sendable {
    public let metadata: ImageMetadata
    private let download: ConfinedDownload

    init(_ download: ImageDownload, on thread: BlockingThread, _ cancellation: Cancellation) {
        metadata = download.metadata
        self.download = ConfinedDownload(download, thread, cancellation)
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let download: ConfinedDownload

        public mutating func next() async throws(GlanceError) -> [UInt8]? {
            try await download.next()
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(GlanceError) -> [UInt8]? {
            try await download.next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(download: download)
    }
}

/// `@unchecked Sendable`: the download is touched on its thread alone, which does one thing after the other.
private final class ConfinedDownload: @unchecked Sendable {
    private let download: ImageDownload
    private let thread: BlockingThread
    private let cancellation: Cancellation

    init(_ download: ImageDownload, _ thread: BlockingThread, _ cancellation: Cancellation) {
        (self.download, self.thread, self.cancellation) = (download, thread, cancellation)
    }

    func next() async throws(GlanceError) -> [UInt8]? {
        try await thread.run(cancellation) { () throws(GlanceError) in
            try self.download.next()
        }
    }
}

/// A list of images as a sequence, asked for a page at a time. Each iteration asks anew.
public struct ImageSequence<Element: Sendable>: AsyncSequence, Sendable {
    private let list: @Sendable (Cancellation) -> ImageListing<Element>

    init(_ list: @escaping @Sendable (Cancellation) -> ImageListing<Element>) {
        self.list = list
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let list: ConfinedList<Element>

        public mutating func next() async throws(GlanceError) -> Element? {
            try await list.next()
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(GlanceError) -> Element? {
            try await list.next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(list: ConfinedList(list))
    }
}

/// `@unchecked Sendable`: the list and its thread are made and used by one iteration, a call at a time.
private final class ConfinedList<Element: Sendable>: @unchecked Sendable {
    private let cancellation = Cancellation()
    private let list: ImageListing<Element>
    private var thread: BlockingThread?

    init(_ list: (Cancellation) -> ImageListing<Element>) {
        self.list = list(cancellation)
    }

    func next() async throws(GlanceError) -> Element? {
        if let known = try list.nextAtHand() { return known }
        let thread = if let thread { thread } else { try BlockingThread() }
        self.thread = thread
        return try await thread.run(cancellation) { () throws(GlanceError) in
            try self.list.next()
        }
    }
}
