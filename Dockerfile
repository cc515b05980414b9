# The portal as one image: web, worker, and every command of manage.py (docs/operations.md).
#
#   docker build -t portal .
#
# Where packages come by a mirror or past a certificate of the house's own, pip is told so for this
# build alone; the file may name the certificates as /run/secrets/ca.pem:
#
#   docker build --secret id=pip.conf,src=pip.conf --secret id=ca.pem,src=ca.pem -t portal .
#
# tests/deploy/test_image.py builds this very file and runs it.

FROM debian:bookworm-slim AS build

RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/portal
COPY requirements-telemetry.lock .
# The lock names everything, each with its hashes, and nothing is compiled. What installs is not
# needed afterwards.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca.pem \
    python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: \
    -r requirements-telemetry.lock \
 && /opt/venv/bin/pip uninstall -y pip setuptools

COPY . .
# No secret is needed for that. Python's bytecode is made here, since nothing can be written later;
# and whatever the umask was that the source was checked out with, it can be read.
RUN DATA_DIR=/tmp/build STATIC_ROOT=/opt/portal/collected \
    /opt/venv/bin/python manage.py collectstatic --noinput \
 && /opt/venv/bin/python -m compileall -q /opt/portal \
 && chmod -R a+rX /opt/portal


FROM debian:bookworm-slim

# As PID 1, tini passes signals on, also to commands that would ignore them there.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates postgresql-client python3 \
    tini tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal -m 700 /srv/portal /srv/backups /srv/keys \
 && install -d -o portal -g portal /srv/portal/media

COPY --from=build /opt /opt

WORKDIR /opt/portal
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORT=8000 \
    STATIC_ROOT=/opt/portal/collected \
    DATA_DIR=/srv/portal
VOLUME /srv/portal
EXPOSE 8000
# By number, so that an engine can tell that it isn't root.
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "deploy/healthy.py"]
ENTRYPOINT ["tini", "--", "deploy/run"]
CMD ["web"]
