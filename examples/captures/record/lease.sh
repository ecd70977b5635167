#!/bin/sh
# What dhclient calls when a lease comes or goes. Sets the address, and nothing else of the machine.
# While $DECLINE_FILE exists, every new address is called a duplicate: dhclient then declines it.
# shellcheck disable=SC2154
case "$reason" in
    PREINIT) ip -4 addr flush dev "$interface" ;;
    BOUND | REBOOT | RENEW | REBIND)
        if [ -e "$DECLINE_FILE" ]; then exit 1; fi
        ip -4 addr replace "$new_ip_address/${new_subnet_mask:-24}" dev "$interface" ;;
    EXPIRE | FAIL | RELEASE | STOP) ip -4 addr flush dev "$interface" ;;
esac
exit 0
