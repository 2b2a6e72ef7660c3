/* Calls of functions that need more around them than a message. What they make is put into messages[1] and [2]. */

static struct sk_msg *messages[MESSAGES];

static long ingress(struct sock *to, struct sk_msg *msg, u32 apply_bytes)
{
	long result;

	redirected = NULL;
	result = bpf_tcp_ingress(to, &to->psock, msg, apply_bytes INGRESS_ARGUMENTS);
	if (redirected) {
		*messages[1] = *redirected;
		messages[1]->sk = to;
	}
	return result;
}

static void tls_free_rec(struct sock *sk, struct tls_rec *record)
{
	sk_msg_free(sk, &record->msg_encrypted);
	sk_msg_free(sk, &record->msg_plaintext);
}

#define WALK_LIMIT (3 * (MAX_MSG_FRAGS + 2))
#define CONTENT_TYPE 0xffff
#define NO_ELEMENT 0xfffe

static struct walked {
	u32 page, offset, length;
} walked[WALK_LIMIT];
static u32 walked_length;

/* What crypto sees of the record: the elements, and what is no element by a page number of its own. */
static int tls_do_encryption(struct sock *sk, struct tls_context *context, struct tls_sw_context_tx *tx,
			     struct aead_request *request, size_t length, u32 start)
{
	struct tls_rec *record = tx->open_rec;
	struct scatterlist *data = record->msg_plaintext.sg.data;

	for (struct scatterlist *sg = sg_next(&record->sg_aead_in[0]); sg && walked_length < WALK_LIMIT; sg = sg_next(sg)) {
		struct walked *seen = &walked[walked_length++];

		if (sg == &record->sg_content_type)
			*seen = (struct walked){ CONTENT_TYPE, 0, 1 };
		else if (sg < data || sg >= data + ARRAY_SIZE(record->msg_plaintext.sg.data) || sg_is_chain(sg))
			*seen = (struct walked){ NO_ELEMENT };
		else
			*seen = (struct walked){ page_number(sg_page(sg)), sg->offset, sg->length };
		if (seen->page == NO_ELEMENT)
			break;
	}
	return 0;
}

/* Encrypts the message as one record; the ciphertext's message has one element of the right size. */
static long tls_record(struct sock *sk, struct sk_msg *msg, bool tls13)
{
	struct tls_rec *record = tls_get_rec(sk);

	record->msg_plaintext = *msg;
	record->msg_encrypted.sg.size = msg->sg.size;
	record->msg_encrypted.sg.end = 1;
	tls_context = (struct tls_context){ .prot_info.version = tls13 ? TLS_1_3_VERSION : TLS_1_2_VERSION };
	tls_context.tx_context.open_rec = record;
	return tls_push_record(sk, 0, 23);
}

static struct tls_rec *split_from, *split_to;
static u32 split_end;

static void tls_show(struct sock *sk)
{
	*messages[0] = split_from->msg_plaintext;
	*messages[1] = split_to->msg_plaintext;
	*messages[2] = split_to->msg_encrypted;
	*messages[3] = split_from->msg_encrypted;
	messages[0]->sk = sk;
}

/* Splits messages[0], with ciphertext room messages[3], after its apply_bytes. */
static long tls_split(struct sock *sk, u32 overhead)
{
	long result;

	split_from = tls_get_rec(sk);
	split_from->msg_plaintext = *messages[0];
	split_from->msg_encrypted = *messages[3];
	result = tls_split_open_record(sk, split_from, &split_to, &split_from->msg_plaintext, &split_from->msg_encrypted,
				       split_from->msg_plaintext.apply_bytes, overhead, &split_end);
	if (!result)
		tls_show(sk);
	return result;
}

static long tls_merge(struct sock *sk)
{
	tls_merge_open_record(sk, split_from, split_to, split_end);
	tls_show(sk);
	return 0;
}
