import GlanceModel
import Workers

extension Metrics {
    /// Everything, as Prometheus reads it (https://prometheus.io/docs/instrumenting/exposition_formats/).
    func text(stores: StoreSet) -> String {
        var text = MetricText(page: page)
        writeRequests(to: &text)
        writeBytes(to: &text)
        writeDeeds(to: &text)
        writeImages(to: &text)
        writeEvents(to: &text)
        writeStates(stores, to: &text)
        return text.text
    }

    private func writeRequests(to text: inout MetricText) {
        text.heading("glance_requests_total", "counter", "Requests answered, by what they were for and the status.")
        for route in RouteLabel.allCases {
            for (index, status) in MetricPlaces.statuses.enumerated() {
                let value = page.total(places.requests.place(route.rawValue, index))
                // Rates begin with the first sample: those that alerts look at are there from the start.
                guard value > 0 || [200, 500, 503].contains(status) else { continue }
                let label = status == 0 ? "other" : String(status)
                text.sample("glance_requests_total", [("route", route.text), ("status", label)], value)
            }
        }
        text.heading(
            "glance_request_seconds", "histogram", "Time from a request's connection to the last byte of its answer.")
        for route in RouteLabel.allCases {
            text.histogram(
                "glance_request_seconds", [("route", route.text)], places.requestMicroseconds[route.rawValue],
                unit: 1_000_000)
        }
        text.heading("glance_answers_broken_total", "counter", "Answers that could not be sent to their end.")
        text.sample("glance_answers_broken_total", [], page.total(places.broken))
        text.heading("glance_transfers_in_flight", "gauge", "Image transfers that run through workers now.")
        text.sample("glance_transfers_in_flight", [], page.total(places.transfers))
    }

    private func writeBytes(to text: inout MetricText) {
        text.heading("glance_request_bytes", "histogram", "Bytes of request bodies, as their heads said.")
        text.histogram("glance_request_bytes", [], places.bytesIn, unit: 1)
        text.heading("glance_image_sent_bytes", "histogram", "Bytes of each download that began, by who sends them.")
        text.histogram("glance_image_sent_bytes", [("by", "nginx")], places.gatewayBytesOut, unit: 1)
        text.histogram("glance_image_sent_bytes", [("by", "worker")], places.bytesOut, unit: 1)
    }

    private func writeDeeds(to text: inout MetricText) {
        text.heading("glance_registry_seconds", "histogram", "Time that the registry took.")
        for deed in Deed.OfRegistry.allCases {
            text.histogram(
                "glance_registry_seconds", [("operation", "\(deed)")],
                places.deedMicroseconds[Deed.registry(deed).index], unit: 1_000_000)
        }
        text.heading("glance_registry_errors_total", "counter", "What the registry could not do: it was busy or away.")
        for deed in Deed.OfRegistry.allCases {
            text.sample(
                "glance_registry_errors_total", [("operation", "\(deed)")],
                page.total(places.deedFailures + Deed.registry(deed).index))
        }
        let deeds = StoreName.known.flatMap { store in
            Deed.OfStore.allCases.compactMap { deed in
                Deed.store(store, deed).map { ($0.index, [("store", store.text), ("operation", "\(deed)")]) }
            }
        }
        text.heading("glance_store_seconds", "histogram", "Time that a store took to begin, end or remove something.")
        for (index, labels) in deeds {
            text.histogram("glance_store_seconds", labels, places.deedMicroseconds[index], unit: 1_000_000)
        }
        text.heading("glance_store_errors_total", "counter", "What a store could not do.")
        for (index, labels) in deeds {
            text.sample("glance_store_errors_total", labels, page.total(places.deedFailures + index))
        }
    }

    private func writeImages(to text: inout MetricText) {
        for (name, table, help) in [
            ("glance_images", places.images, "Records of images."),
            ("glance_image_bytes", places.imageBytes, "Bytes of images, as their records say."),
        ] {
            text.heading(name, "gauge", help)
            for (row, store) in StoreName.known.enumerated() {
                for (column, status) in ImageStatus.allCases.enumerated() {
                    text.sample(
                        name, [("store", store.text), ("status", status.rawValue)],
                        page.total(table.place(row, column)))
                }
            }
        }
    }

    private func writeEvents(to text: inout MetricText) {
        func value(_ event: Event) -> UInt64 { page.total(places.events + event.rawValue) }
        text.heading("glance_restarts_total", "counter", "Processes that ended unasked and were started again.")
        text.sample("glance_restarts_total", [("process", "worker")], value(.workerRestarts))
        text.sample("glance_restarts_total", [("process", "janitor")], value(.janitorRestarts))
        for (event, name, help) in [
            (Event.leasesEnded, "glance_leases_ended_total", "Uploads that were broken off and cleared away."),
            (.imagesRemoved, "glance_removed_total", "Images whose bytes the janitor removed."),
            (.removalFailures, "glance_removal_errors_total", "Bytes that could not be removed when they were tried."),
            (.scrubbedImages, "glance_scrubbed_images_total", "Images that were read again to the end."),
            (.scrubbedBytes, "glance_scrubbed_bytes_total", "Bytes that were read again."),
            (.scrubFailures, "glance_scrub_errors_total", "Images that could not be looked at just then."),
        ] {
            text.heading(name, "counter", help)
            text.sample(name, [], value(event))
        }
    }

    private func writeStates(_ stores: StoreSet, to text: inout MetricText) {
        for (state, name, help) in [
            (State.leasesOver, "glance_leases_over", "Uploads whose lease has run out and that still stand."),
            (.bytesToDelete, "glance_bytes_to_delete", "Entries of the list of bytes to delete."),
            (.imagesDamaged, "glance_images_damaged", "Images that are marked as damaged."),
            (.censusTime, "glance_census_timestamp_seconds", "When the registry was counted last."),
            (.startTime, "glance_start_timestamp_seconds", "When the service was started."),
            (.workers, "glance_workers", "Worker processes that should be running."),
        ] {
            text.heading(name, "gauge", help)
            text.sample(name, [], page.total(places.states + state.rawValue))
        }
        text.heading("glance_store_free_bytes", "gauge", "Bytes free in a store.")
        for store in stores.all {
            if let free = (try? store.freeBytes()) ?? nil {
                text.sample("glance_store_free_bytes", [("store", store.name.text)], UInt64(clamping: free))
            }
        }
    }
}

/// Text in Prometheus' format, line by line. Labels are words of this program's own: nothing in them has to be escaped.
struct MetricText {
    let page: SharedPage
    private(set) var text = ""

    init(page: SharedPage) {
        self.page = page
    }

    mutating func heading(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: UInt64) {
        write(name, labels, String(value))
    }

    /// `unit` is how many of what was counted make one of what is shown.
    mutating func histogram(
        _ name: String, _ labels: [(String, String)], _ histogram: MetricHistogram, unit: UInt64
    ) {
        var count: UInt64 = 0
        for (index, bound) in histogram.bounds.enumerated() {
            count += page.total(histogram.first + index)
            sample("\(name)_bucket", labels + [("le", Self.quotient(bound, unit))], count)
        }
        count += page.total(histogram.first + histogram.bounds.count)
        sample("\(name)_bucket", labels + [("le", "+Inf")], count)
        write("\(name)_sum", labels, Self.quotient(page.total(histogram.sum), unit))
        sample("\(name)_count", labels, count)
    }

    private mutating func write(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    private static func quotient(_ value: UInt64, _ unit: UInt64) -> String {
        unit == 1 ? String(value) : String(Double(value) / Double(unit))
    }
}
