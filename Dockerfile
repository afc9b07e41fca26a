# Two stages: the first has pip and the build tools, the second only Python and what newsmon needs to run.
# Everything that is installed is pinned and hash-checked by requirements*.lock.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# The libraries first: they change seldom, so this layer is kept. The environment has no pip of its own.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/newsmon \
 && python -m pip --python /opt/newsmon/bin/python install --require-hashes -r requirements.lock \
 && python -m pip install --require-hashes -r requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY monitor monitor
COPY config config
RUN python -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /dist . \
 && python -m pip --python /opt/newsmon/bin/python install --no-deps --no-index /dist/newsmon-*.whl


FROM python:3.13-slim
ENV PATH=/opt/newsmon/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 newsmon \
 && useradd --uid 10001 --gid newsmon --no-create-home --home-dir /var/lib/newsmon --shell /usr/sbin/nologin newsmon \
 && install -d -o newsmon -g newsmon -m 0750 /var/lib/newsmon
COPY --from=build /opt/newsmon /opt/newsmon
COPY config /etc/newsmon
ENV NEWSMON_CONFIG=/etc/newsmon
WORKDIR /var/lib/newsmon
VOLUME /var/lib/newsmon
USER newsmon
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s CMD ["newsmon", "healthcheck"]
ENTRYPOINT ["newsmon"]
CMD ["run"]
