/* The least that a program on libpcap does with a capture: every packet, and nothing else. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *packet;
    unsigned long long packets = 0;
    pcap_t *capture;
    int status;

    if (argc != 2) {
        fprintf(stderr, "usage: pcap_loop FILE\n");
        return 2;
    }
    capture = pcap_open_offline(argv[1], error);
    if (capture == NULL) {
        fprintf(stderr, "pcap_loop: %s\n", error);
        return 2;
    }
    while ((status = pcap_next_ex(capture, &header, &packet)) == 1)
        packets++;
    printf("%llu packets\n", packets);
    pcap_close(capture);
    return status == PCAP_ERROR_BREAK ? 0 : 2;
}
