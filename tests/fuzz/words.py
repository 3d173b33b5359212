"""What requests are made of: what is right, what is nearly right, and what is hostile."""

from __future__ import annotations

import json

HOSTILE: tuple[bytes, ...] = (
    b"", b" ", b"\0", b"a\0b", b".", b"..", b"../../etc/passwd", b"%2e%2e%2f", b"..\\..\\x", b"//",
    b"9" * 4096, b"-" + b"9" * 400, b"-0", b"-1", b"0.5", b"1e309", b"-1e309", b"1e-400", b"nan",
    b"inf", b"-Infinity", b"0x10", b"1_000", b"+5", b"999", b"2147483648", b"9223372036854775808",
    "\u0663".encode(), "\uff11".encode(), "\u00b2".encode(), "\U0001d7d8".encode(),
    "赤".encode(), "\u202e".encode(), "\u0130".encode(), "e\u0301".encode() * 200,
    b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe9",
    b"true", b"null", b"[]", b"{}", b'"', b"'", b"`", b"\\", b"%", b"%%", b"%zz", b"+", b"&", b"=",
    b"<!ENTITY x SYSTEM 'file:///etc/passwd'>", b"]]>", b"<script>alert(1)</script>", b"&amp;",
    b"' OR 1=1 --", b"$(id)", b"${jndi:ldap://x}", b"{{7*7}}", b"http://169.254.169.254/",
    b"file:///etc/passwd", b"/vsicurl/http://127.0.0.1/", b"s3://b/k", b"\r\nX-Evil: 1", b"\n",
    b"\t",
    b"__import__('os')", b"().__class__", b"9**9**9", b"sst/0", b"(" * 500, b"-" * 3000 + b"1",
    b"where(" * 40, b"lambda: 1", b"a" * 30_000, b"," * 2000, b"/" * 300, b";" * 400, b"1," * 3000,
    b"2024-13-45", b"0000", b"2024-02-30", b"-9999-01-01", b"99999-01-01", b"P" + b"9" * 900 + b"D",
    b"2024-01-01/2024-01-02/P0D", b"2024-01-01T25:61:61Z", b"2024-01-01T00:00:00+99:99", b"../..",
    b"*", b"*;q=0", b"COM1", b"constructor", b"__proto__", b"toString", b"{tileRow}", b"{z}",
    b"viridis:" + b"9" * 400 + b":0", b"viridis:nan:inf", b"viridis:::", b"_r", b"_r_r",
)  # fmt: skip

PARTS: dict[str, tuple[str, ...]] = {
    "dataset": ("sea", "sea", "utm", "kept", "sleepers", "gone", "nowhere"),
    "variable": ("sst", "salt", "rgb", "b1", "_", "1", "sst.png", "half=sst/2", "a=b1/(b2+1)"),
    "expression": ("sst/2", "b1+b2", "sst", "salt*(sst"),
    "dimension": ("time", "depth", "lat"),
    "job": ("x", "0" * 32),
    "tms": ("WebMercatorQuad", "WorldCRS84Quad", "UTM31WGS84Quad", "EuropeanETRS89_LAEAQuad"),
    "z": ("0", "1", "2", "9", "24", "30"),
    "x": ("0", "1", "3", "277"),
    "y": ("0", "1", "3", "178"),
    "last": (
        "0",
        "1.png",
        "0@2x.webp",
        "179.jpg",
        "0.npy",
        "1.bin",
        "sst.png",
        "sst.svg",
        "b1.json",
    ),
    "name": ("viridis", "viridis_r", "viridis.png", "sst"),
    "layer": ("sea.sst", "sea.rgb", "utm.b1", "kept.sst", "sleepers.sst"),
    "style": ("default", "viridis", "viridis:0:7", "sst"),
    "row": ("0", "1", "178"),
    "col": ("0", "1", "277"),
    "i": ("0", "255"),
    "j": ("0", "128"),
    "suffix": ("txt", "json", "html"),
    "collectionId": ("sea.sst", "sea.rgb", "utm.b1", "kept.sst"),
    "styleId": ("default", "viridis", "viridis:0:7"),
    "tileMatrixSetId": ("WebMercatorQuad", "WorldCRS84Quad"),
    "tileMatrix": ("0", "1", "9"),
    "tileRow": ("0", "1"),
    "tileCol": ("0", "1"),
    "key": ("0123456789abcdef", "x"),
    "object": (".zmetadata", "sst/0.0.0", "zarr.json", "sst/c/0/0/0"),
    "item": ("20240101T000000Z", "sea"),
    "location": ("x", "sea"),
}

_TIMES = (
    "2024-01-03", "2024-01-03T00:00:00Z", "latest", "current", "2024-01-01/2024-01-05", "../..",
    "2024-01-01/P3D", "2024-01", "2024", "2024-01-03T12:00:00.5+02:00", "2023-12-31", "{time}",
)  # fmt: skip
_BOXES = ("-10,-10,20,30", "170,-20,-170,20", "-180,-90,180,90", "180,-90,-180,90", "0,0,1e-9,1e-9",
          "0,0,360,90", "360,0,0,90")  # fmt: skip
_EXPRESSIONS = (
    "sst", "(sst-salt)/(sst+salt)", "sst;salt;sst", "where(sst > 5, sst, nan)", "b1/b2", "sst**2",
    "sst if salt else nan", "sqrt(sst)", "min(sst, salt)", "bit(b1, 0)", "b1 & 4", "log(sst-20)",
)  # fmt: skip
# By the names of parameters, without case.
VALUES: dict[str, tuple[str, ...]] = {
    "time": _TIMES,
    "datetime": _TIMES,
    "start": _TIMES,
    "end": _TIMES,
    "since": _TIMES,
    "depth": ("0", "10", "12", "50", "0/50", "default"),
    "method": ("nearest", "exact"),
    "colormap_name": ("viridis", "sst_r", "gray"),
    "colormap": ('{"1": "#ff0000"}', '[[[0, 10], "#ff0000"]]', '["#000", "#fff"]', '["red"]'),
    "cmap": ("viridis", "Blues_r_alpha", "sea.kind", '{"colors": [[0, "#000"], [1, "#fff"]]}'),
    "vmin": ("0", "-5", "1e-300", "1e38"),
    "vmax": ("40", "0", "-1e38"),
    "norm": ("lin", "log", "cat"),
    "retina": ("1", "0"),
    "aggmethods": ("mean,std", "median", "count"),
    "startdate": _TIMES,
    "enddate": _TIMES,
    "maxvalids": ("-1", "1", "1000000"),
    "rescale": ("0,40", "-5,5", "0,1e-300"),
    "scale": ("linear", "log", "symlog"),
    "nodata": ("0", "nan", "1e10"),
    "opacity": ("0", "0.5", "1", "50"),
    "resampling": ("nearest", "bilinear", "average", "mode"),
    "expression": _EXPRESSIONS,
    "algorithm": ("hillshade", "slope"),
    "algorithm_params": ('{"azimuth": 300}', '{"units": "percent"}', '{"z_exaggeration": 1e300}'),
    "tilesize": ("256", "512"),
    "version": ("0", "x"),
    "lon": ("0", "13.4", "-180", "360", "359.9999999999"),
    "lat": ("0", "50", "90", "-90"),
    "bbox": _BOXES,
    "line": ("0,0;10,10", "170,0;-170,0", "0,90;0,-90", "0,0;0,0", "0,0;180,0"),
    "points": ("2", "256", "1024"),
    "aggregate": ("mean,std", "median,p5,count", "sum", "p0,p100"),
    "f": ("json", "csv", "ndjson", "parquet", "html", "png", "webp"),
    "lines": ("step", "feature"),
    "bins": ("1", "10", "1000"),
    "range": ("0,30", "30,0"),
    "p": ("2,98", "0,100,50"),
    "level": ("0", "1"),
    "width": ("1", "64", "256", "4096"),
    "height": ("1", "64", "256"),
    "steps": ("1", "64", "512"),
    "limit": ("1", "10", "1000"),
    "offset": ("0", "1", "1000000000"),
    "q": ("sea", "sea surface"),
    "theme": ("Ocean",),
    "orientation": ("vertical", "horizontal"),
    "label": ("true", "false"),
    "ticks": ("2", "50"),
    "colors": ("true", "false"),
    "dataset": ("sea", "utm", "kept", "sleepers"),
    "variable": ("sst", "_"),
    "status": ("accepted", "failed", "successful"),
    "subset": ("depth(10)", "depth(0:*)", 'time("2024-01-03")', "Lat(1)"),
    "service": ("WMS", "WMTS", "wms"),
    "request": (
        "GetCapabilities", "GetMap", "GetTile", "GetFeatureInfo", "GetLegendGraphic", "getmap",
    ),
    "format": ("image/png", "image/jpeg", "image/webp", "image/gif", "image/apng"),
    "info_format": ("text/plain", "application/json", "text/html", "application/vnd.ogc.gml"),
    "infoformat": ("text/plain", "application/json", "text/html"),
    "layers": ("sea.sst", "sea.sst,utm.b1", "sea.rgb", "kept.sst", "sleepers.sst", "," * 9),
    "query_layers": ("sea.sst", "sea.rgb"),
    "layer": ("sea.sst", "sea.rgb", "utm.b1"),
    "styles": ("", "viridis", "default-scalar/viridis", "raster/seq-Blues-inv", "viridis:0:7"),
    "style": ("", "viridis", "default", "viridis:0:7"),
    "crs": ("EPSG:4326", "CRS:84", "CRS84", "EPSG:3857", "EPSG:3035", "EPSG:3031"),
    "srs": ("EPSG:4326", "EPSG:3857"),
    "i": ("0", "5"),
    "j": ("0", "5"),
    "tilematrixset": ("WebMercatorQuad", "WorldCRS84Quad"),
    "tilematrix": ("0", "1"),
    "tilerow": ("0", "1"),
    "tilecol": ("0", "1"),
    "transparent": ("TRUE", "FALSE", "true"),
    "bgcolor": ("0xFFFFFF", "#fff"),
    "colorscalerange": ("0,40", "auto", "default"),
    "exceptions": ("XML", "INIMAGE", "BLANK"),
    "tms": ("WebMercatorQuad",),
    "expires_s": ("60", "86400"),
    "before": ("0", "2"),
    "check": ("true", "false"),
}  # fmt: skip

# What operations of KVP cannot do without.
OPERATIONS: dict[str, tuple[bytes, ...]] = {
    "wms": (
        b"SERVICE=WMS", b"VERSION=1.3.0", b"REQUEST=GetMap", b"LAYERS=sea.sst", b"STYLES=",
        b"CRS=CRS:84", b"BBOX=-90,-45,90,45", b"WIDTH=64", b"HEIGHT=32", b"FORMAT=image/png",
    ),
    "wmts": (
        b"Service=WMTS", b"Version=1.0.0", b"Request=GetTile", b"Layer=sea.sst", b"Style=default",
        b"TileMatrixSet=WebMercatorQuad", b"TileMatrix=1", b"TileRow=0", b"TileCol=1",
        b"Format=image/png",
    ),
}  # fmt: skip

_SQUARE = [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]
_BOW = [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]
BODIES: tuple[str, ...] = (
    json.dumps({"type": "Polygon", "coordinates": _SQUARE}),
    json.dumps({"type": "Polygon", "coordinates": _BOW}),
    json.dumps({"type": "Point", "coordinates": [13, 50]}),
    json.dumps({"type": "MultiPolygon", "coordinates": [_SQUARE, _BOW]}),
    json.dumps({"type": "LineString", "coordinates": [[0, 0], [200, 80]]}),
    json.dumps({"type": "GeometryCollection", "geometries": [{"type": "Point"}]}),
    json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": number,
                    "properties": {"a": number},
                    "geometry": {"type": "Point", "coordinates": [number, 5.5]},
                }
                for number in range(3)
            ],
        }
    ),
    json.dumps({"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "sea.zarr/x"}}}]}),
    json.dumps({"id": "new", "url": "file:///etc/passwd"}),
    json.dumps({"id": "new", "url": "http://169.254.169.254/x.zarr", "storage": "none"}),
    json.dumps({"id": "../x", "url": "s3://b/k", "access": {"roles": ["staff"]}}),
    json.dumps({"name": "a key", "scopes": ["read"], "roles": ["staff"]}),
    json.dumps({"expires_s": 60}),
    '"text"',
    "null",
)  # fmt: skip

DEEP: tuple[bytes, ...] = (
    b"[" * 2000 + b"]" * 2000,
    b'{"type": "Polygon", "coordinates": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"geometries": ' * 700 + b"1" + b"}" * 700,
)

ODD_KEYS: tuple[str, ...] = (
    "", "x" * 5000, "ts_0_\xff", "a.b.c", "null", "\xe4", "ts_0123456789abcdef_" + "A" * 43,
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwicm9sZXMiOlsic3RhZmYiXX0.",
)  # fmt: skip

METHODS: tuple[bytes, ...] = (
    b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"CONNECT", b"FOO",
    b"get", b"PROPFIND", b"G" * 3000,
)  # fmt: skip

HEADERS: tuple[bytes, ...] = (
    b"Accept: */*", b"Accept: application/json;q=0", b"Accept: ;q=,", b"Accept: text/html",
    b"Accept: \xff", b"Accept-Encoding: gzip", b"Accept-Encoding: gzip;q=nan, br;q=2",
    b"Accept-Language: de", b"If-None-Match: *", b"If-None-Match: \"x\", W/\"y\"", b"If-Match: *",
    b"If-Match: \"r1\"", b"If-None-Match: " + b'"a",' * 900, b"If-Modified-Since: yesterday",
    b"Range: bytes=0-1", b"Range: bytes=-1", b"Range: bytes=5-1,0-,-0", b"Range: bytes=a-b",
    b"Range: bytes=" + b"0-0," * 500, b"Range: bytes=9999999999999999999-", b"If-Range: x",
    b"Origin: http://a.example", b"Origin: null", b"Cookie: " + b"a=b; " * 500,
    b"Expect: 100-continue",
    b"Expect: 200-maybe", b"Connection: close", b"Connection: keep-alive, Upgrade",
    b"Upgrade: h2c", b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"X-Forwarded-Host: evil.example",
    b"X-Forwarded-For: 1.2.3.4, \xff", b"X-Forwarded-Proto: javascript", b"X-Forwarded-Prefix: //e",
    b"Forwarded: for=_x;host=evil.example", b"Host: second.example", b"X-Request-ID: a b\"c",
    b"X-Request-ID: " + b"x" * 900, b"traceparent: 00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01",
    b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", b"traceparent: x",
    b"tracestate: " + b"a=b," * 300, b"Last-Event-ID: \xff", b"Sec-Fetch-Mode: cors",
    b"X-HTTP-Method-Override: DELETE", b"X-Original-URL: /jobs", b"Content-Encoding: gzip",
    b"Content-Length: 0", b"Transfer-Encoding: identity", b"TE: trailers", b": empty", b"X-Long: "
    + b"x" * 20_000, b"X-Odd: \x01\x7f\xff", b"User-Agent: ${jndi:ldap://x}",
    b"Prefer: respond-async",
)  # fmt: skip

# What is no HTTP, or only nearly.
RAW: tuple[bytes, ...] = (
    b"\r\n\r\n", b"\0" * 100, b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\nHost: a\n\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", b"GET / HTTP/1.1\r\nA\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /jobs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /jobs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
    b"POST /jobs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
    b"0\r\n\r\n",
    b"POST /jobs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n", b"GET / HTTP/1.1\r\nA: " + b"x" * 100_000,
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"A" * 200_000,
    b"GET /?" + b"a=b&" * 30_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET \xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 50, b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n", b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET //// HTTP/1.1\r\n\r\n",
    b"GET /static/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", b"*1\r\n$4\r\nPING\r\n",
    b"GET /static/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", b"\xff" * 5000,
    b"GET /signed/x/datasets HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /signed/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /signed//tiles/kept/sst/0/0/0 HTTP/1.1\r\nHost: a\r\n\r\n",
)  # fmt: skip
