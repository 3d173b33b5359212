# The bases are arguments, so that a mirror's or an organisation's own images take their place.
ARG NODE_IMAGE=node:20-bookworm-slim
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# The viewer's libraries and basemap, from npm. What npm and pip need to be told of mirrors is handed
# in as secrets of the build, which no layer keeps.
FROM ${NODE_IMAGE} AS web
WORKDIR /src/web
ENV NPM_CONFIG_USERCONFIG=/run/secrets/npmrc
COPY web/package.json web/package-lock.json ./
RUN --mount=type=secret,id=npmrc \
    npm ci --omit=dev --no-audit --no-fund
COPY web/ ./
RUN npm run vendor

# The locked dependencies and the project itself, in an environment that is copied as a whole.
FROM ${PYTHON_IMAGE} AS build
ENV PIP_CONFIG_FILE=/run/secrets/pip PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/tileserver
WORKDIR /src
COPY requirements.txt ./
RUN --mount=type=secret,id=pip \
    /opt/tileserver/bin/pip install --no-compile --no-deps --require-hashes --only-binary :all: --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY tileserver/ tileserver/
COPY colormaps/ colormaps/
COPY web/ web/
COPY --from=web /src/web/vendor/ web/vendor/
# What installs is not needed where nothing is to be installed.
RUN --mount=type=secret,id=pip \
    /opt/tileserver/bin/pip install --no-compile --no-deps . \
    && /opt/tileserver/bin/pip uninstall --yes setuptools pip
# A third of the rest is what a server never opens: tests of libraries, headers, and the parts of
# pyarrow that are no Parquet.
WORKDIR /opt/tileserver/lib
RUN find . -type d \( -name tests -o -name include \) -prune -exec rm -r {} + \
    && find . \( -name '*flight*' -o -name '*_s3fs*' -o -name 'libarrow_s3*' \) \
        -path '*/pyarrow/*' -type f -delete \
    && find . \( -name '*.pxd' -o -name '*.pyx' -o -name '*.h' -o -name '*.hpp' -o -name '*.a' \) -type f -delete
# Byte code of what the server imports, all of which is tried by it; with a date for everything it is
# checked by its source, not by the time of its making.
RUN SOURCE_DATE_EPOCH=1577836800 PYTHONDONTWRITEBYTECODE=1 /opt/tileserver/bin/python -c "\
import importlib, pkgutil, py_compile, sys, tileserver; \
names = [each.name for each in pkgutil.walk_packages(tileserver.__path__, 'tileserver.')]; \
[importlib.import_module(name) for name in names if not any(part in name for part in ('migrations.', '__main__', 'titiler'))]; \
files = {getattr(each, '__file__', None) or '' for each in list(sys.modules.values())}; \
[py_compile.compile(file, doraise=True) for file in sorted(files) if file.startswith('/opt') and file.endswith('.py')]"

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="tileserver" \
      org.opencontainers.image.description="Tiles, WMTS, legends, time series and statistics from data cubes" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Also on a base that has no useradd.
RUN echo 'tileserver:x:10001:' >> /etc/group \
    && echo 'tileserver:x:10001:10001::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
COPY --from=build /opt/tileserver/ /opt/tileserver/
# matplotlib wants a folder that it may write to; the file system itself may be read-only.
ENV PATH=/opt/tileserver/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib TILESERVER_HOST=0.0.0.0 TILESERVER_CATALOG=/data/catalog.yaml
USER 10001:10001
WORKDIR /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('TILESERVER_PORT', '8080')}/healthz\", timeout=4)"]
ENTRYPOINT ["tileserver"]
CMD ["serve"]
