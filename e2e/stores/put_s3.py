"""Creates a bucket on an S3 endpoint and puts files into it: put_s3.py <endpoint> <bucket> <folder>."""

import pathlib
import sys

import boto3

endpoint, bucket, folder = sys.argv[1:]
client = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret"
)
client.create_bucket(Bucket=bucket)
for path in pathlib.Path(folder).iterdir():
    client.upload_file(str(path), bucket, f"sha256/{path.name}")
