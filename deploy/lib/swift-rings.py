# swift-rings.py DIRECTORY KIND=PORT...: makes the rings, which tell the proxy where accounts, containers and objects are:
# on one device, behind one server each on loopback. Made again, with other ports, they find the same data.
import sys

from swift.common.ring import RingBuilder

for argument in sys.argv[2:]:
    kind, port = argument.split("=")
    ring = RingBuilder(part_power=6, replicas=1, min_part_hours=1)
    ring.add_dev(
        {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "one", "weight": 1.0, "meta": ""}
    )
    ring.rebalance()
    ring.get_ring().save(f"{sys.argv[1]}/{kind}.ring.gz")
