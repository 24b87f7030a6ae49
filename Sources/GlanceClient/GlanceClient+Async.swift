import Bytes
import HTTPClient

// The same calls for tasks: each waits on a thread of its own. Cancelling the task closes the connection, and the call
// throws `cancelled`.
extension GlanceClient {
    /// One image's metadata, by its id or URI.
    public func image(_ reference: String) async throws(GlanceError) -> ImageMetadata {
        try await blocking { client, cancellation throws(GlanceError) in
            try client.image(reference, cancellation: cancellation)
        }
    }

    /// Public images with their names, types and sizes, or those that `filter` names, page by page.
    public func imageSequence(_ filter: ImageFilter = ImageFilter()) -> ImageSequence<ImageSummary> {
        ImageSequence { cancellation in
            self.listing(at: "/images/", filter, cancellation) { image throws(GlanceError) in try ImageSummary(image) }
        }
    }

    /// Public images with every field, or those that `filter` names, page by page.
    public func imageSequenceDetailed(_ filter: ImageFilter = ImageFilter()) -> ImageSequence<ImageMetadata> {
        ImageSequence { cancellation in
            self.listing(at: "/images/detail", filter, cancellation) { image throws(GlanceError) in
                try ImageMetadata(image)
            }
        }
    }

    /// One image: its metadata, and its data as a sequence of pieces.
    public func download(_ reference: String) async throws(GlanceError) -> ImageChunks {
        let cancellation = Cancellation()
        let thread = try BlockingThread()
        return try await thread.run(cancellation) { () throws(GlanceError) in
            ImageChunks(try self.download(reference, cancellation: cancellation), on: thread, cancellation)
        }
    }

    /// Brings an image's data into a file, as the blocking call of that name.
    @discardableResult
    public func download(
        _ reference: String, to file: String, overwrites: Bool = false, progress: Progress? = nil
    ) async throws(GlanceError) -> ImageMetadata {
        try await blocking { client, cancellation throws(GlanceError) in
            try client.download(
                reference, to: file, overwrites: overwrites, progress: progress, cancellation: cancellation)
        }
    }

    /// Adds an image, as the blocking call of that name.
    @discardableResult
    public func add(
        _ image: ImageDescription, from source: ImageSource? = nil, progress: Progress? = nil
    ) async throws(GlanceError) -> ImageMetadata {
        try await blocking { client, cancellation throws(GlanceError) in
            try client.add(image, from: source, progress: progress, cancellation: cancellation)
        }
    }

    /// Gives a queued image its data.
    @discardableResult
    public func addData(
        to reference: String, from source: ImageSource, progress: Progress? = nil
    ) async throws(GlanceError) -> ImageMetadata {
        try await blocking { client, cancellation throws(GlanceError) in
            try client.addData(to: reference, from: source, progress: progress, cancellation: cancellation)
        }
    }

    /// Changes an image's metadata; returns all of it as it is now.
    @discardableResult
    public func update(_ reference: String, _ change: ImageUpdate) async throws(GlanceError) -> ImageMetadata {
        try await blocking { client, cancellation throws(GlanceError) in
            try client.update(reference, change, cancellation: cancellation)
        }
    }

    /// Removes an image and its data.
    public func delete(_ reference: String, version: Int64? = nil) async throws(GlanceError) {
        try await blocking { client, cancellation throws(GlanceError) in
            try client.delete(reference, version: version, cancellation: cancellation)
        }
    }

    private func blocking<Value: Sendable>(
        _ body: @escaping @Sendable (GlanceClient, Cancellation) throws(GlanceError) -> Value
    ) async throws(GlanceError) -> Value {
        let cancellation = Cancellation()
        return try await BlockingThread().run(cancellation) { () throws(GlanceError) in
            try body(self, cancellation)
        }
    }
}
