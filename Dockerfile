# Two stages: the first has pip and the build tools, the second only Python and what newsmon needs to run.
# What is installed is pinned and hash-checked by requirements*.lock.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# The libraries first: they change seldom, so this layer is kept. The environment that is shipped has no pip of its own.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/newsmon \
 && python -m pip --python /opt/newsmon/bin/python install --require-hashes --only-binary :all: -r requirements.lock \
 && python -m pip install --require-hashes --only-binary :all: -r requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY monitor monitor
COPY config config
RUN python -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir dist . \
 && python -m pip --python /opt/newsmon/bin/python install --no-deps --no-index dist/newsmon-*.whl \
 && chmod -R a+rX,go-w config


FROM python:3.13-slim

# Configuration is read from /etc/newsmon (the shipped one, unless a volume stands there), data is written to
# /var/lib/newsmon, and nothing else is: the root file system may be read-only, with a tmpfs at /tmp.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin newsmon \
 && install --directory --owner newsmon --group newsmon --mode 0750 /var/lib/newsmon
COPY --from=build /opt/newsmon /opt/newsmon
COPY --from=build /build/config /etc/newsmon

ENV PATH=/opt/newsmon/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NEWSMON_CONFIG=/etc/newsmon \
    NEWSMON_DATABASE=/var/lib/newsmon/newsmon.sqlite \
    NEWSMON_METRICS_LISTEN=0.0.0.0:9787
USER 10001:10001
WORKDIR /var/lib/newsmon
VOLUME /var/lib/newsmon
# /metrics, and nothing else.
EXPOSE 9787
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["newsmon", "healthcheck"]
ENTRYPOINT ["newsmon"]
CMD ["run"]
