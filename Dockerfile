# syntax=docker/dockerfile:1
# One image for every role of FinCore: `fincore run api`, `fincore migrate` ... A build takes both base images by digest:
#   docker build --build-arg BASE=docker.io/library/python@sha256:... --tag fincore .
# The tag below is what a build takes that names none; scripts and pipelines name a digest.
ARG BASE=docker.io/library/python:3.11.14-slim-bookworm

# What the roles run: exactly the packages of uv.lock, and FinCore itself, in /opt/fincore.
FROM ${BASE} AS built
ARG UV_VERSION=0.13.9
ARG HATCHLING_VERSION=1.33.0
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/fincore PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m pip install --no-cache-dir "uv==${UV_VERSION}" "hatchling==${HATCHLING_VERSION}"
WORKDIR /src
COPY pyproject.toml uv.lock LICENSE README.md ./
COPY src/psp_sandbox/pyproject.toml src/psp_sandbox/README.md src/psp_sandbox/LICENSE src/psp_sandbox/
RUN uv sync --frozen --no-default-groups --extra aws --no-install-workspace --compile-bytecode
COPY src/fincore src/fincore
RUN python -m hatchling build --target wheel --directory /wheels \
    && uv pip install --quiet --offline --no-deps --compile-bytecode --python /opt/fincore/bin/python /wheels/*.whl \
    && rm -f /opt/fincore/.lock

# The certificates of the authorities of RDS. AWS publishes them without a checksum: name your own copy to have the same in each build.
FROM ${BASE} AS certificates
ARG RDS_CERTIFICATES=https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
# hadolint ignore=DL3020
ADD ${RDS_CERTIFICATES} /certificates/rds.pem
RUN chmod 0444 /certificates/rds.pem && grep -q 'BEGIN CERTIFICATE' /certificates/rds.pem

FROM ${BASE} AS run
LABEL org.opencontainers.image.title="FinCore Payments" \
      org.opencontainers.image.licenses="Apache-2.0"
# No shell for the user, no home, and one folder that it may write to: the root of a task is read-only.
RUN groupadd --gid 10001 fincore \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fincore \
    && install -d -o 10001 -g 10001 -m 0700 /run/fincore
COPY --from=certificates /certificates/rds.pem /etc/fincore/rds.pem
COPY --from=built /opt/fincore /opt/fincore
ENV PATH=/opt/fincore/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONSAFEPATH=1
VOLUME ["/run/fincore"]
WORKDIR /run/fincore
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["fincore"]
CMD ["--help"]
