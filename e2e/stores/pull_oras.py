"""Pulls the files of a version with ORAS: pull_oras.py <registry> <user> <password> <reference> <folder>."""

import sys

import oras.provider

host, user, password, reference, folder = sys.argv[1:]
registry = oras.provider.Registry(hostname=host, insecure=True, auth_backend="basic")
registry.auth.set_basic_auth(user, password)
for path in registry.pull(reference, outdir=folder):
    print(path)
