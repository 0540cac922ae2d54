#!/bin/sh
# Says something in a conversation, and shows what became of it:
#   GREENROOM_URL=http://127.0.0.1:8787 GREENROOM_TOKEN=… sh send.sh +15551234567 "Your parcel is here."
# The token: greenroom token --owner local --scope read,send --for 15m
set -eu

url=${GREENROOM_URL:-http://127.0.0.1:8787}
person=$1
text=$2
# The same name when it is tried again, so that the message is sent once.
key=${3:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}

# The token is read from a file descriptor: what is in the arguments of a program, every user of the machine sees.
api() {
	curl --config /dev/fd/3 --fail-with-body --silent --show-error --max-time 30 "$@" 3<<-END
		header = "Authorization: Bearer $GREENROOM_TOKEN"
	END
}

# jq writes and reads JSON, whatever is in the text.
conversation=$(api "$url/api/v1/conversations?limit=200" |
	jq --exit-status --arg person "$person" 'first(.items[] | select(.person == $person)).conversation') || {
	echo "there is no conversation with $person" >&2
	exit 1
}

id=$(jq --null-input --compact-output --arg text "$text" '{$text}' |
	api --request POST --header "Content-Type: application/json" --header "Idempotency-Key: $key" --data-binary @- \
		"$url/api/v1/conversations/$conversation/messages" |
	jq --exit-status --raw-output .id)

echo "accepted as $id"
api --get "$url/api/v1/why/$id" | jq --raw-output '.[].steps[]?.what'
