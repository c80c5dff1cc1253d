/** CVE-2024-50066, as a program. */
export const RACE_PROGRAM = `r0 = memfd_create('shmem', 0x0)

process 1:
mmap(0x7f0000000000, 0x200000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, r0, 0x0)
page_table(&(0x7f0000000000))

thread mremap:
mremap(0x7f0000000000, 0x200000, 0x200000, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f0000200000)

kthread collapse:
hpage_collapse_scan_file(r0)
`;
