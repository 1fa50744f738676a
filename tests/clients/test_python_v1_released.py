"""The official client of InfluxDB 1 (influxdb), unmodified, against InfluxDB 1.6 as released."""

from __future__ import annotations

import pytest

from mockflux import Server

influxdb = pytest.importorskip("influxdb")


def test_a_database_is_made_written_and_read() -> None:
    with Server("v1-oss-1.6") as server:
        client = server.client("influxdb")
        client.create_database("plant")
        client.switch_database("plant")
        points = [
            {"measurement": "home", "tags": {"room": room}, "time": time, "fields": {"temp": temp, "on": True}}
            for room, time, temp in (("attic", 1, 21.5), ("attic", 2, 22.5), ("cellar", 1, 8.0))
        ]
        assert client.write_points(points, time_precision="s")
        attic = list(client.query("SELECT * FROM home WHERE room = 'attic' ORDER BY time DESC", epoch="s").get_points())
        assert attic == [
            {"time": 2, "on": True, "room": "attic", "temp": 22.5},
            {"time": 1, "on": True, "room": "attic", "temp": 21.5},
        ]
        by_room = client.query("SELECT mean(temp) FROM home GROUP BY room")
        assert [next(by_room.get_points(tags={"room": room}))["mean"] for room in ("attic", "cellar")] == [22.0, 8.0]
        assert client.get_list_database() == [{"name": "mydb"}, {"name": "plant"}]
        client.delete_series(measurement="home", tags={"room": "attic"})
        assert len(server.points(database="plant")) == 1
        client.drop_database("plant")
        client.close()


def test_its_errors() -> None:
    with Server("v1-oss-1.6", auth=True) as server:
        server.create_user("reader", "secret", read="mydb")
        admin = server.client("influxdb")
        admin.create_retention_policy("short", "2h", 1, database="mydb")
        assert [policy["name"] for policy in admin.get_list_retention_policies("mydb")] == ["autogen", "short"]
        admin.write_points(["m v=1 1"], protocol="line")
        with pytest.raises(influxdb.exceptions.InfluxDBClientError, match="dropped=1") as conflict:
            admin.write_points(["m v=1i 2"], protocol="line")
        assert conflict.value.code == 400
        reader = influxdb.InfluxDBClient(server.host, server.port, "reader", "secret", "mydb")
        with pytest.raises(influxdb.exceptions.InfluxDBClientError, match="not authorized to write") as forbidden:
            reader.write_points(["m v=1 1"], protocol="line")
        assert forbidden.value.code == 403
        stranger = influxdb.InfluxDBClient(server.host, server.port, "reader", "wrong", "mydb")
        with pytest.raises(influxdb.exceptions.InfluxDBClientError, match="authorization failed"):
            stranger.query("SHOW DATABASES")
        for client in (admin, reader, stranger):
            client.close()
