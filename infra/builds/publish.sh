#!/bin/sh
# Puts the built files into the buckets that the stack $2 names, with the rights of the role $1. It deletes nothing: pages that are open load old files.
set -eu
role=$1
stack=$2
pages=src/fincore/staff/dashboard/static
scripts=src/fincore/checkout/js/built

given=$(aws sts assume-role --role-arn "$role" --role-session-name publish \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text)
AWS_ACCESS_KEY_ID=$(printf '%s' "$given" | cut -f1)
AWS_SECRET_ACCESS_KEY=$(printf '%s' "$given" | cut -f2)
AWS_SESSION_TOKEN=$(printf '%s' "$given" | cut -f3)
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN

output() {
    aws cloudformation describe-stacks --stack-name "$stack" \
        --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue" --output text
}

dashboard=$(output DashboardBucket)
public=$(output ScriptsBucket)
: "${dashboard:?the stack has no output DashboardBucket: deploy it}" "${public:?the stack has no output ScriptsBucket: deploy it}"

aws s3 sync "$pages/assets" "s3://$dashboard/assets"
for folder in "$scripts"/*/; do
    aws s3 sync "$folder" "s3://$public/js/$(basename "$folder")"
done
newest=$(ls "$scripts" | sort --version-sort | tail -n 1)
aws s3 sync "$scripts/$newest" "s3://$public/js/v${newest%%.*}"
aws s3 cp "$pages/index.html" "s3://$dashboard/index.html" --content-type "text/html; charset=utf-8"
